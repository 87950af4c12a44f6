import { describe, expect, it } from "vitest";
import { newId, newRequestId, newSessionId, type IdSource } from "../../../src/base/id.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";

function createSource(seed: number, nowMs: () => number): IdSource {
  const random = createSeededRandom(seed);
  return { nowMs, randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)) };
}

describe("ids", () => {
  it("[HT17] an id is its kind and 26 characters of one alphabet", () => {
    const source = createSource(1, () => Date.parse("2026-11-20T12:00:00.000Z"));
    for (const [id, prefix] of [
      [newSessionId(source), "chat"],
      [newRequestId(source), "req"],
      [newId("ticket", source), "ticket"],
    ] as const) {
      expect(id).toMatch(new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`));
    }
  });

  it("[HT17] ids sort by age, to the millisecond and over centuries", () => {
    let nowMs = 0;
    const source = createSource(2, () => nowMs);
    const ids = [0, 1, 31, 32, 1_023, 1_024, 1_795_176_000_000, 1_795_176_000_001, 2 ** 49].map((timeMs) => {
      nowMs = timeMs;
      return newSessionId(source);
    });
    expect(ids.toSorted()).toEqual(ids);
  });

  it("[HT17] ids of the same millisecond differ in 80 bits of given randomness", () => {
    const source = createSource(3, () => 1_795_176_000_000);
    const ids = Array.from({ length: 2_000 }, () => newSessionId(source));
    expect(new Set(ids).size).toBe(2_000);
    expect(new Set(ids.map((id) => id.slice(0, 15))).size).toBe(1);
    const again = createSource(3, () => 1_795_176_000_000);
    expect(newSessionId(again)).toBe(ids[0]);
  });
});
