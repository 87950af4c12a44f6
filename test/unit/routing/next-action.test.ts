import { describe, expect, it } from "vitest";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import { ADVICE_OF_FAILURE } from "../../../src/routing/health-verdict.ts";
import {
  decideNextAction,
  DEFAULT_RETRY_LIMITS,
  type CandidateProgress,
  type NextActionFacts,
} from "../../../src/routing/next-action.ts";
import { DEFAULT_BACKOFF } from "../../../src/routing/backoff.ts";
import { failureOf } from "../../fakes/scripted-provider.ts";

const NOW_MS = 50_000;
const fresh: CandidateProgress = {
  triedInRound: -1,
  lastFailure: null,
  notBeforeMs: 0,
  hasRetry: true,
  available: true,
};
const failed = (kind: ProviderFailureKind, changes: Partial<CandidateProgress> = {}): CandidateProgress => ({
  ...fresh,
  triedInRound: 0,
  lastFailure: failureOf(kind),
  ...changes,
});

function decide(candidates: readonly CandidateProgress[], changes: Partial<NextActionFacts> = {}) {
  return decideNextAction({
    candidates,
    round: 0,
    attemptsMade: candidates.filter((candidate) => candidate.triedInRound >= 0).length,
    nowMs: NOW_MS,
    turnEndsMs: NOW_MS + 900_000,
    limits: DEFAULT_RETRY_LIMITS,
    backoff: DEFAULT_BACKOFF,
    random: () => 0.5,
    ...changes,
  });
}

describe("next action", () => {
  it("[RT18] the next candidate is tried at once; the same one only after all others, and after a wait", () => {
    expect(decide([fresh, fresh])).toEqual({ type: "attempt", index: 0 });
    expect(decide([failed("timeout"), fresh])).toEqual({ type: "attempt", index: 1 });
    const both = [failed("timeout"), failed("overloaded")];
    expect(decide(both)).toEqual({ type: "wait", durationMs: 125, round: 1 });
    expect(decide(both, { round: 1 })).toEqual({ type: "attempt", index: 0 });
  });

  it("[RT16] the wait reaches the first time that one of them asked for", () => {
    const both = [
      failed("rate-limited", { notBeforeMs: NOW_MS + 3_000 }),
      failed("rate-limited", { notBeforeMs: NOW_MS + 2_000 }),
    ];
    expect(decide(both)).toEqual({ type: "wait", durationMs: 2_000, round: 1 });
    expect(decide(both, { round: 1, nowMs: NOW_MS + 2_000 })).toEqual({ type: "attempt", index: 1 });
  });

  it("[RT17] nobody waits longer than 5 s for one that asks for more", () => {
    const asked = (waitMs: number): CandidateProgress =>
      failed("rate-limited", { notBeforeMs: NOW_MS + waitMs });
    expect(decide([asked(5_000)])).toEqual({ type: "wait", durationMs: 5_000, round: 1 });
    expect(decide([asked(5_001)])).toEqual({ type: "give-up" });
    expect(decide([asked(60_000), failed("timeout")])).toMatchObject({ type: "wait", durationMs: 125 });
  });

  it.each([
    "unauthorized",
    "payment-required",
    "model-not-found",
    "bad-request",
    "context-too-long",
  ] as const)("[RT19] after %s there is no second try there, only elsewhere", (kind) => {
    expect(decide([failed(kind), fresh])).toEqual({ type: "attempt", index: 1 });
    expect(decide([failed(kind)])).toEqual({ type: "give-up" });
    expect(decide([failed(kind), failed("timeout")], { round: 1 })).toEqual({ type: "attempt", index: 1 });
  });

  it("[RT19] whatever else went wrong is worth another try", () => {
    const others = Object.entries(ADVICE_OF_FAILURE).filter(([, advice]) => advice === "retry");
    expect(others.map(([kind]) => kind).toSorted()).toEqual([
      "malformed",
      "overloaded",
      "rate-limited",
      "server-error",
      "stream-cut",
      "stream-error",
      "stream-reset",
      "timeout",
      "unreachable",
    ]);
  });

  it("[RT20] after a content refusal nobody else is asked", () => {
    expect(decide([failed("content-refused"), fresh])).toEqual({ type: "give-up" });
  });

  it("[RT21] no more than 8 calls, no more than 3 rounds", () => {
    expect(decide([fresh], { attemptsMade: 8 })).toEqual({ type: "give-up" });
    expect(decide([fresh], { attemptsMade: 7 })).toEqual({ type: "attempt", index: 0 });
    const once = failed("timeout", { triedInRound: 2 });
    expect(decide([once], { round: 1 })).toMatchObject({ type: "wait", round: 2 });
    expect(decide([once], { round: 2 })).toEqual({ type: "give-up" });
  });

  it("[RT22] one whose circuit is open is neither tried nor waited for", () => {
    const closed = { available: false };
    expect(decide([failed("timeout", closed), { ...fresh, ...closed }, fresh])).toEqual({
      type: "attempt",
      index: 2,
    });
    expect(decide([failed("timeout", closed)])).toEqual({ type: "give-up" });
  });
});
