import { describe, expect, test } from "vitest";
import {
  MAX_RETRY_AFTER_MS,
  parseGoogleRetryDelay,
  parseRetryAfter,
} from "../../../src/providers/retry-after.ts";

const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
const read = (headers: Record<string, string>): number | null =>
  parseRetryAfter(new Headers(headers), NOW_MS);

describe("parseRetryAfter", () => {
  test.each([
    [{ "retry-after": "30" }, 30_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1.5" }, 1_500],
    [{ "retry-after": " 7 " }, 7_000],
    [{ "retry-after": "Fri, 20 Nov 2026 12:01:30 GMT" }, 90_000],
    [{ "retry-after": "Fri, 20 Nov 2026 11:00:00 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "30" }, 250],
    [{ "retry-after-ms": "nonsense", "retry-after": "30" }, 30_000],
    [{ "retry-after": "9999999" }, MAX_RETRY_AFTER_MS],
    [{ "retry-after": "Fri, 20 Nov 2099 12:00:00 GMT" }, MAX_RETRY_AFTER_MS],
    [{ "retry-after": "-5" }, null],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after": "" }, null],
    [{ "retry-after": "2026-11" }, null],
    [{}, null],
  ])("[PR45] %j waits %s", (headers, expected) => {
    expect(read(headers)).toBe(expected);
  });

  test("[PR45] Google's delay is read from its body's word", () => {
    expect(parseGoogleRetryDelay("34.074824224s")).toBe(34_075);
    expect(parseGoogleRetryDelay("34")).toBeNull();
    expect(parseGoogleRetryDelay("99999999s")).toBe(MAX_RETRY_AFTER_MS);
  });
});
