import { describe, expect, it } from "vitest";
import { drawFor } from "../../../../src/routing/ranking/draw.ts";
import { orderOf, rank, usually } from "./ranking-facts.ts";

const POLICIES = ["priority", "cost", "latency", "balanced"] as const;

describe("priority", () => {
  it("[RT53] is the order of the class, whatever the price and the speed", () => {
    const ranked = rank("priority", { priceMicroUsd: 900, usual: usually(9_000) }, { priceMicroUsd: 1 });
    expect(orderOf(ranked)).toBe("ab");
    expect(ranked.map(({ reason }) => reason)).toEqual([
      "number 1 of what was asked for",
      "number 2 of what was asked for",
    ]);
  });
});

describe("cost", () => {
  it("[RT54] the cheapest comes first, an unknown price last", () => {
    const ranked = rank("cost", { priceMicroUsd: null }, { priceMicroUsd: 900 }, { priceMicroUsd: 0 });
    expect(orderOf(ranked)).toBe("cba");
    expect(ranked.map(({ reason }) => reason)).toEqual([
      "about $0.000000 for this request, number 3 of what was asked for",
      "about $0.000900 for this request, number 2 of what was asked for",
      "its price is unknown, number 1 of what was asked for",
    ]);
  });

  it("[RT9] the chat's own provider only comes first among equal prices", () => {
    expect(orderOf(rank("cost", { priceMicroUsd: 5 }, { priceMicroUsd: 5, isLast: true }))).toBe("ba");
    expect(orderOf(rank("cost", { priceMicroUsd: 5 }, { priceMicroUsd: 6, isLast: true }))).toBe("ab");
    expect(orderOf(rank("cost", {}, { isLast: true }))).toBe("ba");
  });
});

describe("latency", () => {
  it("[RT55] the shortest usual wait comes first, whoever is not known last", () => {
    const ranked = rank("latency", {}, { usual: usually(900) }, { usual: usually(400) }, {});
    expect(orderOf(ranked)).toBe("cbad");
    expect(ranked[0]?.reason).toBe("usually 400 ms to the first token, number 3 of what was asked for");
    expect(ranked[2]?.reason).toBe("nobody knows yet how quick it is, number 1 of what was asked for");
  });

  it("[RT55] the wait includes the first hundred tokens, at 50 a second where the rate is unknown", () => {
    // 300 + 5000, 1000 + 1000, 500 + 2000.
    const ranked = rank(
      "latency",
      { usual: usually(300, 20) },
      { usual: usually(1_000, 100) },
      { usual: usually(500) },
    );
    expect(orderOf(ranked)).toBe("bca");
    expect(ranked[0]?.reason).toContain("1000 ms to the first token and 100 tokens a second");
  });

  it("[RT55] four good calls are too few, five are enough", () => {
    expect(orderOf(rank("latency", { usual: usually(900) }, { usual: usually(1, null, 4) }))).toBe("ab");
    expect(orderOf(rank("latency", { usual: usually(900) }, { usual: usually(1, null, 5) }))).toBe("ba");
  });

  it("[RT56] one of unknown speed goes first in a tenth of the selections, a known one in a hundredth", () => {
    const quick = { usual: usually(100) };
    expect(orderOf(rank("latency", quick, { draw: 0.0999 }))).toBe("ba");
    expect(orderOf(rank("latency", quick, { draw: 0.1 }))).toBe("ab");
    expect(orderOf(rank("latency", quick, { usual: usually(200), draw: 0.0099 }))).toBe("ba");
    expect(orderOf(rank("latency", quick, { usual: usually(200), draw: 0.01 }))).toBe("ab");
    expect(orderOf(rank("latency", quick, { draw: 0.09 }, { draw: 0.08 }))).toBe("cba");
    const [explored] = rank("latency", quick, { draw: 0.09 });
    expect(explored?.reason).toContain("asked first this time to see how quick it is");
  });

  it("[RT56] where nobody is known all go first equally often", () => {
    const counts: Record<string, number> = {};
    for (let index = 0; index < 6_000; index += 1) {
      const draws = ["a/m", "b/m", "c/m"].map((name) => ({ draw: drawFor(`sel_${index}`, name) }));
      const first = orderOf(rank("latency", ...draws)).charAt(0);
      counts[first] = (counts[first] ?? 0) + 1;
    }
    for (const name of ["a", "b", "c"]) {
      expect(counts[name]).toBeGreaterThan(1_850);
      expect(counts[name]).toBeLessThan(2_150);
    }
  });
});

describe("balanced", () => {
  it("[RT57] twice the price loses against twice the wait only by its place", () => {
    const cheapAndSlow = { priceMicroUsd: 1_000, usual: usually(4_000, 1_000_000) };
    const dearAndQuick = { priceMicroUsd: 2_000, usual: usually(2_000, 1_000_000) };
    expect(orderOf(rank("balanced", cheapAndSlow, dearAndQuick))).toBe("ab");
    expect(orderOf(rank("balanced", dearAndQuick, cheapAndSlow))).toBe("ab");
  });

  it("[RT57] a place is worth a quarter more, not a half more", () => {
    const priced = (priceMicroUsd: number) => ({ priceMicroUsd, usual: usually(500) });
    expect(orderOf(rank("balanced", priced(12_500), priced(10_000)))).toBe("ab");
    expect(orderOf(rank("balanced", priced(15_000), priced(10_000)))).toBe("ba");
  });

  it("[RT57] unknown speed counts as the quickest, an unknown price as the dearest", () => {
    const known = { priceMicroUsd: 100, usual: usually(5_000) };
    expect(
      orderOf(rank("balanced", known, { priceMicroUsd: 100 }, { priceMicroUsd: 100, usual: usually(100) })),
    ).toBe("bca");
    const ranked = rank("balanced", {}, { priceMicroUsd: 900 }, { priceMicroUsd: 100 });
    expect(orderOf(ranked)).toBe("cab");
    expect(ranked.map(({ reason }) => reason)).toEqual([
      "score 0.50: 1.0 times the lowest price, nobody knows yet how quick it is, number 3 of what was asked for",
      "score 2.19: its price is unknown, nobody knows yet how quick it is, number 1 of what was asked for",
      "score 2.44: 8.9 times the lowest price, nobody knows yet how quick it is, number 2 of what was asked for",
    ]);
  });
});

describe("weights", () => {
  const turns = Array.from({ length: 6_000 }, (_, index) => {
    const weights = [3, 1, 0];
    const ranked = rank(
      "priority",
      ...weights.map((weight, place) => ({ weight, draw: drawFor(`sel_${index}`, `provider-${place}/m`) })),
    );
    return ranked;
  });

  it("[RT58] each target comes first in proportion to its weight, and never with a weight of 0", () => {
    const share = turns.filter((turn) => orderOf(turn).startsWith("a")).length / turns.length;
    expect(share).toBeGreaterThan(0.73);
    expect(share).toBeLessThan(0.77);
    expect(turns.every((turn) => orderOf(turn).endsWith("c"))).toBe(true);
    expect(turns[0]?.[0]?.reason).toContain("by lot with a weight of");
  });

  it("[RT58] the lot can be drawn again, and differs between selections and between targets", () => {
    expect(drawFor("sel_1", "a/m")).toBe(drawFor("sel_1", "a/m"));
    const draws = new Set(
      ["a/m", "b/m"].flatMap((name) => ["sel_1", "sel_2"].map((id) => drawFor(id, name))),
    );
    expect(draws.size).toBe(4);
  });

  it("[RT58] under the other policies weights break ties", () => {
    const equal = [
      { priceMicroUsd: 5, usual: usually(100), weight: 1, draw: 0.9 },
      { priceMicroUsd: 5, usual: usually(100), weight: 1, draw: 0.2 },
    ];
    expect(orderOf(rank("cost", ...equal))).toBe("ba");
    expect(orderOf(rank("latency", ...equal))).toBe("ba");
    expect(orderOf(rank("balanced", ...equal))).toBe("ba");
  });
});

describe("above every policy", () => {
  it.each(POLICIES)("[RT59] under %s the entries of a list are tried in turn", (policy) => {
    const first = { entry: 1, priceMicroUsd: 900, usual: usually(9_000) };
    const second = { entry: 2, priceMicroUsd: 1, usual: usually(1) };
    expect(orderOf(rank(policy, first, { ...second, isLast: true }))).toBe("ab");
  });

  it.each(POLICIES)("[RT8] under %s a suspect stands behind the others", (policy) => {
    const best = { priceMicroUsd: 1, usual: usually(1), isLast: true, suspect: true };
    const ranked = rank(policy, best, { priceMicroUsd: 900, usual: usually(9_000) });
    expect(orderOf(ranked)).toBe("ba");
    expect(ranked[1]?.reason).toMatch(/, behind the others after a failure$/);
  });

  it.each(["priority", "latency", "balanced"] as const)(
    "[RT9] under %s a chat stays with its provider",
    (policy) => {
      const ranked = rank(
        policy,
        { priceMicroUsd: 1, usual: usually(400) },
        { priceMicroUsd: 900, usual: usually(890), isLast: true },
      );
      expect(orderOf(ranked)).toBe("ba");
      expect(ranked[0]?.reason).toContain("served this chat last");
    },
  );

  it.each([
    { own: 900, other: 450, stays: true },
    { own: 951, other: 450, stays: false },
    { own: 400, other: 10, stays: true },
    { own: 2_600, other: 2_000, stays: true },
  ])("[RT9] with $own ms against $other ms it stays: $stays", ({ own, other, stays }) => {
    const ranked = rank("priority", { usual: usually(other) }, { usual: usually(own), isLast: true });
    expect(orderOf(ranked)).toBe(stays ? "ba" : "ab");
    if (!stays) expect(ranked[1]?.reason).toContain("although it served this chat last: too slow");
  });

  it("[RT9] a chat stays where nothing is known of its provider's speed", () => {
    expect(orderOf(rank("priority", { usual: usually(1) }, { isLast: true }))).toBe("ba");
    expect(
      orderOf(rank("priority", { usual: usually(1) }, { usual: usually(9_000, null, 4), isLast: true })),
    ).toBe("ba");
  });

  it.each(POLICIES)(
    "[RT66] under %s a draining provider is there only for chats it served last",
    (policy) => {
      const [stranger] = rank(policy, { draining: true });
      expect(stranger).toMatchObject({
        place: null,
        reason: "being drained: it takes only chats that are with it",
      });
      expect(orderOf(rank(policy, { draining: true, isLast: true }))).toBe("a");
    },
  );

  it("[RT62] what a model cannot do is its reason", () => {
    const [first] = rank("cost", { missingNeeds: ["vision", "context"] });
    expect(first).toMatchObject({
      place: null,
      reason: "it takes no pictures and the chat is too long for it",
    });
  });
});
