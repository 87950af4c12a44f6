/** The tool `current_time`: models know no clock. Rule TL3. */
import { z } from "zod";
import { fail, succeed, type Result } from "../../base/result.ts";
import { defineTool } from "../define-tool.ts";

export const currentTime = defineTool({
  name: "current_time",
  description:
    "Gives the present date and time in a time zone. Call it whenever an answer depends on today's date, the " +
    "weekday, or the time of day.",
  input: z.strictObject({
    timeZone: z
      .string()
      .max(64)
      .default("UTC")
      .describe("An IANA time zone such as Europe/Berlin or America/New_York; UTC when left out."),
  }),
  needsApproval: false,
  isRepeatable: true,
  run: ({ timeZone }, { nowMs }) => describeTime(timeZone, nowMs),
});

function describeTime(timeZone: string, nowMs: number): Result<unknown, string> {
  const format = createFormat(timeZone);
  if (format === null) {
    return fail(
      `There is no time zone ${JSON.stringify(timeZone)}. Use an IANA name such as Europe/Berlin or UTC.`,
    );
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const read = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  // "GMT+01:00", and plain "GMT" for none.
  const offset = read("timeZoneName").replace("GMT", "") || "+00:00";
  const date = `${read("year")}-${read("month")}-${read("day")}`;
  const time = `${read("hour")}:${read("minute")}:${read("second")}`;
  return succeed({
    iso: `${date}T${time}${offset}`,
    readable: `${toReadableDate(timeZone, nowMs)}, ${time} (${timeZone}, UTC${offset})`,
    timeZone,
  });
}

/** Null for a zone that does not exist. */
function createFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "longOffset",
    });
  } catch {
    // A RangeError is the only way in which Intl says that it does not know a zone.
    return null;
  }
}

function toReadableDate(timeZone: string, nowMs: number): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
  });
  return format.format(nowMs);
}
