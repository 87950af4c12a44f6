/** What the selection log tells of a decision. Rule WB48. */
import { expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { NOTHING_USUAL } from "../../../src/protocol/circuit.ts";
import type { CandidateFacts, SelectionAttempt } from "../../../src/protocol/selection.ts";
import { hasLostRace, toDecisionText, toFigures, toObstacles } from "../../../web/admin/candidate-facts.ts";

const FACTS: CandidateFacts = {
  entry: 1,
  requestedPlace: 2,
  configured: true,
  blocked: null,
  suspect: false,
  draining: false,
  usual: NOTHING_USUAL,
  priceMicroUsd: null,
  missingNeeds: [],
  isLast: false,
  weight: null,
  draw: 0.5,
};

it("[WB48] tells what stood against a candidate", () => {
  expect(toObstacles(FACTS)).toEqual([]);
  expect(
    toObstacles({
      ...FACTS,
      configured: false,
      missingNeeds: ["vision", "context"],
      blocked: { reason: "open", retryAfterMs: 4_200 },
      draining: true,
      suspect: true,
    }),
  ).toEqual([
    "no key here",
    "takes no pictures",
    "context too short for this chat",
    "blocked for 5 s more",
    "draining",
    "suspect",
  ]);
  expect(toObstacles({ ...FACTS, blocked: { reason: "held", retryAfterMs: null } })).toEqual(["blocked"]);
  expect(toObstacles({ ...FACTS, draining: true, isLast: true })).toEqual([]);
});

it("[WB48] shows the figures, unknown ones as unknown", () => {
  const texts = (facts: CandidateFacts) => toFigures(facts).map(({ name, text }) => `${name}: ${text}`);
  expect(texts(FACTS)).toEqual([
    "Price for this size: price unknown",
    "Usual: no good call yet",
    "Lot: 0.500",
  ]);
  const usual = { samples: 9, firstTokenP50Ms: 210, firstTokenP95Ms: null, tokensPerSecond: null };
  expect(texts({ ...FACTS, priceMicroUsd: 1_840, usual, entry: 3, weight: 2, isLast: true })).toEqual([
    "Price for this size: about $0.00184",
    "Usual: first token 210 ms · 9 calls",
    "Entry of the list: 3",
    "Weight: 2",
    "Lot: 0.500",
    "Cache: served this chat last",
  ]);
});

it("[WB48] names the policy and what the request needed", () => {
  const needs = { vision: false, tools: false, inputTokens: 1_200, outputTokens: null };
  const decision = { policy: "cost", version: 1, parameters: {}, needs } as const;
  expect(toDecisionText(decision)).toBe("cost, version 1, for about 1,200 tokens in");
  expect(
    toDecisionText({ ...decision, needs: { ...needs, outputTokens: 400, vision: true, tools: true } }),
  ).toBe("cost, version 1, for about 1,200 tokens in and at most 400 out, with pictures and tools");
});

function makeAttempt(changes: Partial<SelectionAttempt>): SelectionAttempt {
  return {
    provider: "openai",
    model: "m",
    startedAtMs: 0,
    durationMs: 1_000,
    firstTokenMs: null,
    outcome: "cancelled",
    error: null,
    hedge: false,
    usage: UNKNOWN_USAGE,
    costMicroUsd: null,
    ...changes,
  };
}

it("[WB48] tells an attempt that lost a race from one that a reader stopped", () => {
  const slow = makeAttempt({});
  const hedge = makeAttempt({
    hedge: true,
    startedAtMs: 600,
    durationMs: 2_000,
    firstTokenMs: 400,
    outcome: "success",
  });
  expect(hasLostRace(slow, [slow, hedge])).toBe(true);
  expect(hasLostRace(hedge, [slow, hedge])).toBe(false);
  const lateHedge = makeAttempt({ hedge: true, startedAtMs: 600, durationMs: 400 });
  const winner = makeAttempt({ durationMs: 3_000, firstTokenMs: 1_000, outcome: "success" });
  expect(hasLostRace(lateHedge, [winner, lateHedge])).toBe(true);
  // Stopped before anybody spoke, and one attempt after another without a hedge.
  expect(
    hasLostRace(slow, [slow, { ...hedge, firstTokenMs: null, outcome: "cancelled", durationMs: 400 }]),
  ).toBe(false);
  expect(hasLostRace(slow, [slow])).toBe(false);
  expect(hasLostRace(slow, [slow, { ...hedge, hedge: false }])).toBe(false);
});
