/** Figures as a reader sees them. Rules WB34 and WB35. */
import { expect, it } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatCountdown,
  formatDuration,
  formatMicroUsd,
  formatPlural,
  formatShare,
} from "../../../web/ui/format.ts";

it("[WB34] says that a price or a count is unknown", () => {
  expect(formatMicroUsd(null)).toBe("price unknown");
  expect(formatCount(null)).toBe("–");
  expect(formatDuration(null)).toBe("–");
});

it("[WB34] keeps the digits of a price that matter", () => {
  const shown = [0, 1, 42, 1_840, 9_999, 10_000, 1_234_567, 1_234_000_000].map(formatMicroUsd);
  expect(shown).toEqual(["$0", "$0.000001", "$0.000042", "$0.00184", "$0.01", "$0.01", "$1.23", "$1,234.00"]);
});

it("[WB35] gives sizes of files in the unit that suits them", () => {
  expect([1, 812, 1_024, 1_047_000, 1_047_552, 1_572_864, 5_242_880].map(formatBytes)).toEqual([
    "1 byte",
    "812 bytes",
    "1 KB",
    "1022 KB",
    "1 MB",
    "1.5 MB",
    "5 MB",
  ]);
});

it("[WB35] rounds durations and countdowns to the unit that suits them", () => {
  expect([0, 999, 999.7, 1_000, 1_250, 59_940, 59_960, 60_000, 125_000].map(formatDuration)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "1.0 s",
    "1.3 s",
    "59.9 s",
    "1 min",
    "1 min",
    "2 min 5 s",
  ]);
  expect([-5, 0, 1, 1_000, 59_001, 65_000].map(formatCountdown)).toEqual([
    "0 s",
    "0 s",
    "1 s",
    "1 s",
    "1:00",
    "1:05",
  ]);
});

it("[WB35] rounds no share to nothing or to everything", () => {
  expect([0, 0.001, 0.5, 0.996, 1].map(formatShare)).toEqual(["0%", "<1%", "50%", ">99%", "100%"]);
  expect([9_999, 10_000, 12_345, 999_999, 1_000_000, 4_560_000].map(formatCount)).toEqual([
    "9,999",
    "10k",
    "12.3k",
    "1M",
    "1M",
    "4.6M",
  ]);
});

it("[WB35] says how long ago, and how many", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  expect(
    [0, 40_000, 50_000, 300_000, 7_200_000, 100_000_000, 400_000_000].map((agoMs) =>
      formatAgo(now - agoMs, now),
    ),
  ).toEqual(["just now", "just now", "1 min ago", "5 min ago", "2 h ago", "1 day ago", "4 days ago"]);
  expect(formatAgo(now - 30 * 86_400_000, now)).toBe("Oct 21, 2026");
  expect([formatPlural(1, "attempt"), formatPlural(2, "attempt")]).toEqual(["1 attempt", "2 attempts"]);
});
