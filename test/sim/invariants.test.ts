/** The checks of the simulation find what they are there to find: a good world is spoilt in one place each. */
import { beforeAll, describe, expect, it } from "vitest";
import { answering, DEAD, during } from "./behaviour.ts";
import { listRetries } from "./figures.ts";
import { findBreaches } from "./invariants.ts";
import { toWorldPlan } from "./scenario.ts";
import type { BookedCall } from "./sim-provider.ts";
import { runWorld, type ServedRequest, type WorldResult } from "./sim-world.ts";

let good: WorldResult;

beforeAll(async () => {
  const outage = { fromMs: 10_000, untilMs: 20_000 };
  good = await runWorld(toWorldPlan(5, () => during([outage], DEAD, answering()), { durationMs: 40_000 }));
});

function find(changes: Partial<WorldResult>): string[] {
  return findBreaches({ ...good, ...changes }, { failuresAllowed: [] });
}

/** The first request that is complete, changed. */
function spoil(change: (request: ServedRequest) => ServedRequest): Partial<WorldResult> {
  const index = good.requests.findIndex(({ record }) => record.status === "complete");
  const request = good.requests[index];
  if (request === undefined) throw new Error("the world has a complete answer");
  return { requests: good.requests.with(index, change(request)) };
}

describe("the invariants", () => {
  it("[SM1] [SM3] [SM4] [SM5] [SM6] [SM7] [SM8] [SM19] find nothing in a good world", () => {
    expect(good.requests.length).toBeGreaterThan(300);
    expect(find({})).toEqual([]);
  });

  it("[SM1] find a request that failed, and allow one where nobody is healthy", () => {
    const failed = spoil((request) => ({
      ...request,
      seenPieces: 0,
      seenText: "",
      seenFirstTokenMs: null,
      record: { ...request.record, status: "failed", firstTokenMs: null },
    }));
    expect(find(failed)).toEqual([expect.stringContaining("[SM1]")]);
    const everywhere = { failuresAllowed: [{ fromMs: 0, untilMs: Infinity }] };
    expect(findBreaches({ ...good, ...failed }, everywhere)).toEqual([]);
  });

  it("[SM3] find two probes at once while half-open, and only then", () => {
    const probe = { object: "alpha", startedAtMs: 12_000, halfOpen: true, endedAtMs: 12_500 };
    const beside = { ...probe, startedAtMs: 12_400, endedAtMs: 13_000 };
    expect(find({ probes: [probe, beside] })).toEqual([expect.stringContaining("[SM3] alpha: two probes")]);
    expect(find({ probes: [probe, { ...beside, startedAtMs: 12_500 }] })).toEqual([]);
    expect(find({ probes: [probe, { ...beside, object: "beta" }] })).toEqual([]);
    expect(
      find({
        probes: [{ ...probe, halfOpen: false }, beside],
      }),
    ).toEqual([]);
  });

  it("[SM4] find more retries than were earned", () => {
    const spoilt = spoil((request) => {
      const [attempt] = request.record.attempts;
      if (attempt === undefined) throw new Error("a complete answer has an attempt");
      return {
        ...request,
        record: { ...request.record, attempts: Array.from({ length: 60 }, () => attempt) },
      };
    });
    expect(find(spoilt)).toContainEqual(expect.stringContaining("[SM4]"));
  });

  it("[SM5] find more hedges than one for twenty calls", () => {
    const requests = good.requests.map((request, index) => ({
      ...request,
      record: {
        ...request.record,
        attempts: request.record.attempts.map((attempt) => ({ ...attempt, hedge: index % 10 === 0 })),
      },
    }));
    expect(find({ requests }).filter((breach) => breach.startsWith("[SM5]")).length).toBeGreaterThan(0);
  });

  it("[SM6] find a call, a token and a micro-dollar that one side does not know of", () => {
    expect(find({ books: good.books.slice(1) })).toContainEqual(expect.stringContaining("[SM6]"));
    const index = good.books.findIndex(
      ({ purpose, told }) => purpose === "call" && told?.outputTokens !== null,
    );
    const call = good.books[index];
    const told = call?.told ?? null;
    if (call === undefined || told === null) throw new Error("a call was told what it used");
    const more: BookedCall = { ...call, told: { ...told, outputTokens: (told.outputTokens ?? 0) + 1 } };
    const breaches = find({ books: good.books.with(index, more) });
    expect(breaches).toContainEqual(expect.stringMatching(/^\[SM6\].*output tokens/));
    expect(breaches).toContainEqual(expect.stringMatching(/^\[SM6\].*micro-dollars/));
  });

  it("[SM6] find a leg whose tokens no attempt was told, unless they are an estimate", () => {
    const spoilLeg = (estimated: boolean): Partial<WorldResult> =>
      spoil((request) => ({
        ...request,
        legs: request.legs.map((leg) => ({
          ...leg,
          estimated,
          usage: { ...leg.usage, outputTokens: (leg.usage.outputTokens ?? 0) + 1 },
        })),
      }));
    expect(find(spoilLeg(false))).toEqual([expect.stringContaining("those of no attempt")]);
    expect(find(spoilLeg(true))).toEqual([]);
  });

  it("[SM4] a call in words after a refused prefill is no retry, any other repeated one is", () => {
    const attempt = good.requests[0]?.record.attempts[0];
    if (attempt === undefined) throw new Error("the world has an attempt");
    const refused = { ...attempt, outcome: "failure" as const, error: "bad-request: no prefill" };
    expect(listRetries([refused, attempt])).toEqual([]);
    expect(listRetries([{ ...refused, error: "timeout: late" }, attempt])).toEqual([attempt]);
    expect(listRetries([refused, { ...attempt, provider: "other" }, attempt, attempt])).toHaveLength(1);
  });

  it("[SM19] find a text with a hole in it, one with a piece twice, and one that is not whole", () => {
    const hole = spoil((request) => ({ ...request, seenText: request.seenText.replace(/.{3}$/u, "") }));
    expect(find(hole)).toEqual([expect.stringContaining("[SM19]")]);
    const twice = spoil((request) => ({ ...request, seenText: request.seenText + request.seenText }));
    expect(find(twice)).toEqual([expect.stringContaining("[SM19]")]);
    const left = (text: string): Partial<WorldResult> =>
      spoil((request) => ({
        ...request,
        seenText: text,
        record: { ...request.record, status: "cancelled" },
      }));
    expect(find(left("something else"))).toEqual([expect.stringContaining("[SM19]")]);
    expect(find(left(""))).toEqual([]);
  });

  it("[SM7] find a record that says something else than the reader saw", () => {
    const later = spoil((request) => ({
      ...request,
      seenFirstTokenMs: (request.seenFirstTokenMs ?? 0) + 50,
    }));
    expect(find(later)).toEqual([expect.stringContaining("[SM7]")]);
    expect(find(spoil((request) => ({ ...request, seenPieces: 0 })))).toEqual([
      expect.stringContaining("complete, and nobody saw a word"),
    ]);
  });

  it("[SM8] find what nobody caught, and a gap in the transitions", () => {
    expect(find({ bugs: ["an isolate called through an open circuit"] })).toEqual([
      expect.stringContaining("[SM8] an isolate called"),
    ]);
    expect(good.transitions.length).toBeGreaterThan(2);
    expect(find({ transitions: good.transitions.toSpliced(1, 1) })).toEqual([
      expect.stringContaining("[SM8] alpha"),
    ]);
  });
});
