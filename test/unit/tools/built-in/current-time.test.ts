import { expect, test } from "vitest";
import { currentTime } from "../../../../src/tools/built-in/current-time.ts";

const context = { signal: new AbortController().signal, nowMs: Date.parse("2026-11-25T23:05:09.123Z") };

test.each([
  ["UTC", "2026-11-25T23:05:09+00:00", "Wednesday, 25 November 2026, 23:05:09 (UTC, UTC+00:00)"],
  [
    "Asia/Kolkata",
    "2026-11-26T04:35:09+05:30",
    "Thursday, 26 November 2026, 04:35:09 (Asia/Kolkata, UTC+05:30)",
  ],
  [
    "America/New_York",
    "2026-11-25T18:05:09-05:00",
    "Wednesday, 25 November 2026, 18:05:09 (America/New_York, UTC-05:00)",
  ],
])("[TL3] in %s it is %s", async (timeZone, iso, readable) => {
  expect(await currentTime.run({ timeZone }, context)).toEqual({
    ok: true,
    value: { iso, readable, timeZone },
  });
  expect(Date.parse(iso)).toBe(Math.floor(context.nowMs / 1_000) * 1_000);
});

test("[TL3] midnight is hour 00, summer time has its own offset, and no zone is UTC", async () => {
  const nowMs = Date.parse("2026-07-01T22:00:00Z");
  expect(await currentTime.run({ timeZone: "Europe/Berlin" }, { ...context, nowMs })).toMatchObject({
    value: { iso: "2026-07-02T00:00:00+02:00" },
  });
  expect(await currentTime.run({}, context)).toMatchObject({ value: { timeZone: "UTC" } });
});

test.each(["Berlin", "Mars/Olympus", "", "x".repeat(80), 5])("[TL3] %j is no zone", async (timeZone) => {
  const result = await currentTime.run({ timeZone }, context);
  expect(result).toMatchObject({ ok: false, error: expect.stringMatching(/\.$/) });
});
