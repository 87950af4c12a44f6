/** The files of a prompt where their storage is away: for a moment, for longer, and without a word. */
import { describe, expect, it } from "vitest";
import { readFiles } from "../../../../src/session/files/read-files.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

const BYTES = new TextEncoder().encode("hello");
const FILES = [
  { url: "/a", maxBytes: null },
  { url: "/b", maxBytes: 3 },
];

/** The read of `/b` fails so many times, or never ends. */
function openWorld(failures: number) {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const asked: string[] = [];
  const noted: unknown[] = [];
  let left = failures;
  const read = readFiles(
    {
      clock,
      readFile: ({ url, maxBytes }) => {
        asked.push(url);
        if (url === "/b") left -= 1;
        if (url === "/b" && left === Number.POSITIVE_INFINITY) return new Promise(() => {});
        if (url === "/b" && left >= 0) return Promise.reject(new Error("R2: internal error"));
        return Promise.resolve(BYTES.subarray(0, maxBytes ?? BYTES.length));
      },
      noteFailure: (error) => noted.push(error),
    },
    FILES,
    controller.signal,
  );
  return { clock, controller, asked, noted, read };
}

describe("files that cannot be read for a moment", () => {
  it.each([1, 2])("[SE268] are read again, the others are not: %i failures", async (failures) => {
    const { clock, asked, noted, read } = openWorld(failures);
    const bytes = await clock.runUntil(read);
    expect([...(bytes ?? [])]).toEqual([
      ["/a", BYTES],
      ["/b", BYTES.subarray(0, 3)],
    ]);
    expect(asked).toEqual(["/a", "/b", ...Array.from({ length: failures }, () => "/b")]);
    expect(noted).toHaveLength(failures);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[SE268] that stay away are none, and nothing is waited for any more", async () => {
    const { clock, asked, read } = openWorld(3);
    expect(await clock.runUntil(read)).toBeNull();
    expect(asked).toEqual(["/a", "/b", "/b", "/b"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[SE268] that never come are waited for ten seconds at a time", async () => {
    const { clock, noted, read } = openWorld(Number.POSITIVE_INFINITY);
    const startedMs = clock.nowMs();
    expect(await clock.runUntil(read)).toBeNull();
    expect(clock.nowMs() - startedMs).toBe(31_800);
    expect(noted).toHaveLength(3);
  });

  it.each([1, Number.POSITIVE_INFINITY])("[SE268] are not waited for after a stop: %d", async (failures) => {
    const { clock, controller, asked, read } = openWorld(failures);
    await clock.advance(100);
    controller.abort();
    await clock.settle();
    expect(await read).toBeNull();
    expect(asked).toEqual(["/a", "/b"]);
    expect(clock.pendingTimers).toBe(0);
  });
});
