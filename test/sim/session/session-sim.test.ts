/** Simulated chats, seed after seed: everything that docs/spec/simulation.md says of chats, in every one of them. */
import { describe, expect, it } from "vitest";
import { runRange } from "./run-seeds.ts";
import { runSession } from "./run-session.ts";

/** Each block is a test, so that a slow machine is told from one that hangs. */
const SEEDS_OF_BLOCK = 50;
const BLOCKS = [1, 51, 101, 151, 201, 251];

describe("chats with many clients, crashes and broken providers", () => {
  it.each(BLOCKS)(
    "[SM30] [SM31] [SM32] [SM33] [SM34] [SM35] [SM36] [SM37] [SM38] [SM39] [SM40] fifty seeds from %i on",
    { timeout: 120_000 },
    async (first) => {
      const { totals, breaches } = await runRange({ first, count: SEEDS_OF_BLOCK, step: 1 });
      expect(breaches).toEqual([]);
      // A world in which nothing goes wrong proves nothing.
      expect(totals.crashes).toBeGreaterThan(SEEDS_OF_BLOCK);
      expect(totals.recoveries).toBeGreaterThan(10);
      expect(totals.rewinds).toBeGreaterThan(5);
      expect(totals.turns - totals.complete).toBeGreaterThan(SEEDS_OF_BLOCK);
      expect(totals.complete).toBeGreaterThan(4 * SEEDS_OF_BLOCK);
    },
  );

  it("[SM17] the same seed gives the same chat, another one another", { timeout: 60_000 }, async () => {
    for (const seed of [2, 9, 36]) expect(await runSession(seed)).toEqual(await runSession(seed));
    expect((await runSession(2)).digest).not.toBe((await runSession(3)).digest);
  });
});
