import { describe, expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { SelectionRecord, type SelectionCandidate } from "../../../src/protocol/selection.ts";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import { VERDICT_OF_FAILURE } from "../../../src/routing/health-verdict.ts";
import { DEFAULT_RANKING_PARAMETERS, RANKING_VERSION } from "../../../src/routing/ranking/policies.ts";
import type { AnswerEnd } from "../../../src/routing/run-plan.ts";
import {
  NOTICE_OF_FAILURE,
  toNotice,
  toReasons,
  toSelectionRecord,
  type SelectionFacts,
} from "../../../src/routing/selection-record.ts";
import { COUNTED_USAGE, failureOf } from "../../fakes/scripted-provider.ts";
import { NO_NEEDS, targetOf } from "./ranking/plan-facts.ts";

const KINDS = Object.keys(VERDICT_OF_FAILURE).filter(
  (kind): kind is ProviderFailureKind => kind in NOTICE_OF_FAILURE,
);

const failedAttempt: AnswerEnd["attempts"][number] = {
  provider: "a",
  model: "one",
  startedAtMs: 0,
  durationMs: 40,
  firstTokenMs: null,
  outcome: "failure",
  error: "server-error: words of the provider",
  hedge: false,
  usage: UNKNOWN_USAGE,
  costMicroUsd: null,
};
const goodAttempt: AnswerEnd["attempts"][number] = {
  ...failedAttempt,
  provider: "b",
  model: "two",
  startedAtMs: 40,
  durationMs: 100,
  firstTokenMs: 30,
  outcome: "success",
  error: null,
  usage: COUNTED_USAGE,
  costMicroUsd: 30,
};
const goodEnd: AnswerEnd = {
  type: "answer-end",
  status: "complete",
  finishReason: "stop",
  failure: null,
  attempts: [failedAttempt, goodAttempt],
  legs: [{ provider: "b", model: "two", usage: COUNTED_USAGE, costMicroUsd: 30, estimated: false }],
  firstTokenMs: 70,
  durationMs: 140,
  usage: COUNTED_USAGE,
  costMicroUsd: 30,
};
const candidateOf = (name: string, place: number | null, reason: string): SelectionCandidate => ({
  ...targetOf(name),
  place,
  reason,
  circuit: place === null ? "OPEN" : "CLOSED",
  facts: null,
});
const facts: SelectionFacts = {
  id: "sel_1",
  requestId: "req_1",
  organizationId: "org_1",
  userId: "user_1",
  sessionId: "chat_1",
  turnId: "turn_1",
  createdAt: "2026-11-20T12:00:00.000Z",
  requested: ["balanced"],
  mode: "class",
  intent: "code",
  candidates: [
    candidateOf("a/one", 1, "number 1 of what was asked for"),
    candidateOf("b/two", 2, "number 2 of what was asked for"),
    candidateOf("c/three", null, "circuit OPEN after 3 failures in a row"),
  ],
  decision: {
    policy: "priority",
    version: RANKING_VERSION,
    parameters: DEFAULT_RANKING_PARAMETERS,
    needs: NO_NEEDS,
  },
  lastProvider: "b",
  isSandbox: () => false,
};
const failedEnd: AnswerEnd = {
  ...goodEnd,
  status: "failed",
  finishReason: null,
  failure: failureOf("server-error"),
  attempts: [failedAttempt],
  legs: [],
  firstTokenMs: null,
  usage: UNKNOWN_USAGE,
  costMicroUsd: 0,
};

describe("the record", () => {
  it("[RT30] holds the request, the decision, the attempts, who served it and how it ended", () => {
    const record = SelectionRecord.parse(toSelectionRecord(facts, goodEnd));
    expect(record).toEqual({
      id: "sel_1",
      requestId: "req_1",
      organizationId: "org_1",
      userId: "user_1",
      sessionId: "chat_1",
      turnId: "turn_1",
      createdAt: "2026-11-20T12:00:00.000Z",
      requested: ["balanced"],
      mode: "class",
      intent: "code",
      candidates: facts.candidates,
      decision: facts.decision,
      attempts: [failedAttempt, goodAttempt],
      status: "complete",
      provider: "b",
      model: "two",
      affinity: true,
      firstTokenMs: 70,
      durationMs: 140,
      usage: COUNTED_USAGE,
      costMicroUsd: 30,
      sandbox: false,
    });
  });

  it("[RT30] an answer that nobody gave names nobody and is no sign of affinity", () => {
    const record = SelectionRecord.parse(toSelectionRecord({ ...facts, lastProvider: null }, failedEnd));
    expect(record).toMatchObject({
      status: "failed",
      provider: null,
      model: null,
      affinity: false,
      costMicroUsd: 0,
    });
  });

  it("[RT30] affinity is true only when the provider is the one from before", () => {
    expect(toSelectionRecord({ ...facts, lastProvider: "a" }, goodEnd).affinity).toBe(false);
    expect(toSelectionRecord({ ...facts, lastProvider: null }, goodEnd).affinity).toBe(false);
  });

  it("[RT30] says sandbox when stand-ins spoke, not when one was merely on the list", () => {
    const standIn =
      (...names: readonly string[]): SelectionFacts["isSandbox"] =>
      (name) =>
        names.includes(name);
    expect(toSelectionRecord({ ...facts, isSandbox: standIn("b") }, goodEnd).sandbox).toBe(true);
    expect(toSelectionRecord({ ...facts, isSandbox: standIn("a", "c") }, goodEnd).sandbox).toBe(false);
    expect(toSelectionRecord({ ...facts, isSandbox: standIn("a") }, failedEnd).sandbox).toBe(true);
  });

  it("[RT32] an unknown cost stays unknown on record", () => {
    expect(toSelectionRecord(facts, { ...goodEnd, costMicroUsd: null }).costMicroUsd).toBeNull();
  });
});

describe("what a reader is told", () => {
  it("[RT33] reasons: why this one, what was passed over, what failed, in words of ours", () => {
    expect(toReasons(facts.candidates, goodEnd.attempts)).toEqual([
      "a/one: number 1 of what was asked for.",
      "b/two: number 2 of what was asked for.",
      "c/three was passed over: circuit OPEN after 3 failures in a row",
      "a/one failed: server-error.",
    ]);
  });

  it("[RT33] an error of no known kind is not quoted either", () => {
    const odd = { ...failedAttempt, error: "words of the provider" };
    expect(toReasons([], [odd, { ...failedAttempt, error: null }])).toEqual([
      "a/one failed: unknown.",
      "a/one failed: unknown.",
    ]);
  });

  it.each(KINDS)("[RT33] %s has a sentence, alone and after half an answer", (kind) => {
    const failure = failureOf(kind, { message: "words of the provider" });
    for (const status of ["failed", "incomplete"] as const) {
      const notice = toNotice({ ...failedEnd, status, failure });
      expect(notice).toContain(NOTICE_OF_FAILURE[kind]);
      expect(notice).toMatch(/^(No answer came|This answer is incomplete)\. [A-Z].*\.$/);
      expect(notice).not.toContain("words of the provider");
    }
  });

  it("[RT33] every kind of failure has one", () => {
    expect(KINDS).toHaveLength(Object.keys(VERDICT_OF_FAILURE).length);
    expect(Object.keys(NOTICE_OF_FAILURE).toSorted()).toEqual(Object.keys(VERDICT_OF_FAILURE).toSorted());
  });

  it("[RT33] a complete answer needs no notice; a stopped one says who stopped it", () => {
    expect(toNotice(goodEnd)).toBeNull();
    expect(toNotice({ ...goodEnd, status: "cancelled" })).toBe("You stopped this answer.");
    expect(toNotice({ ...failedEnd, failure: null })).toBe(
      "No provider could answer. Try again in a moment.",
    );
    expect(toNotice({ ...failedEnd, status: "incomplete", failure: null })).toContain("incomplete");
  });
});
