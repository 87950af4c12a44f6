/** What a receipt adds up to over steps, legs and lives of a turn. */
import { describe, expect, it } from "vitest";
import { Receipt } from "../../../../src/protocol/answer.ts";
import { toUnaskedFailure } from "../../../../src/routing/answer-end.ts";
import type { AnswerOutcome } from "../../../../src/routing/run-answer.ts";
import type { AnswerEnd } from "../../../../src/routing/run-plan.ts";
import { toReceipt, toStartReceipt } from "../../../../src/session/turn/turn-receipt.ts";
import { NOW_MS, OTHER_TARGET, RECEIPT, RECORD, TARGET, toEnd, toLeg } from "../answer-fixtures.ts";

const FACTS = {
  messageId: "a1",
  turnId: "turn_1",
  selectionId: "sel_1",
  requested: ["fast"],
  sandbox: true,
  startedMs: NOW_MS,
};

const ATTEMPT = {
  ...TARGET,
  startedAtMs: 0,
  durationMs: 5,
  firstTokenMs: null,
  outcome: "success" as const,
  error: null,
  hedge: false,
  usage: toLeg().usage,
  costMicroUsd: 7,
};
const FAILED = { ...ATTEMPT, ...OTHER_TARGET, outcome: "failure" as const, error: "server-error: 500" };

function toOutcome(changes: Partial<AnswerEnd> = {}): AnswerOutcome {
  return { end: toEnd({ attempts: [ATTEMPT], ...changes }), record: RECORD };
}

describe("a receipt", () => {
  it("[SE2] begins with what is known before anybody was asked", () => {
    expect(toStartReceipt(FACTS)).toEqual(RECEIPT);
  });

  it("[SE2] [SE60] of one call is what the call was, legs in their order", () => {
    const legs = [toLeg(), toLeg({ ...OTHER_TARGET, costMicroUsd: 5, estimated: true })];
    const outcome = toOutcome({ legs, attempts: [FAILED, ATTEMPT], costMicroUsd: 12 });
    const receipt = toReceipt({ before: RECEIPT, outcomes: [outcome], end: outcome.end, durationMs: 90 });
    expect(receipt).toMatchObject({ status: "complete", legs, attempts: 2, costMicroUsd: 12, notice: null });
    expect(receipt).toMatchObject({ firstTokenMs: 40, durationMs: 90 });
    expect(receipt.reasons).toContain("google/gemini-3.5-flash-lite failed: server-error.");
  });

  it("[SE80] [SE2] over several calls adds up, and has no end while another step follows", () => {
    const first = toOutcome({ firstTokenMs: 15 });
    const open = toReceipt({ before: RECEIPT, outcomes: [first], end: null, durationMs: 50 });
    expect(open).toMatchObject({ status: "streaming", durationMs: null, notice: null, legs: [toLeg()] });
    const second = toOutcome({ firstTokenMs: 60, legs: [toLeg({ costMicroUsd: 5 })], costMicroUsd: 5 });
    expect(
      toReceipt({ before: RECEIPT, outcomes: [first, second], end: second.end, durationMs: 99 }),
    ).toMatchObject({
      legs: [toLeg(), toLeg({ costMicroUsd: 5 })],
      attempts: 2,
      costMicroUsd: 12,
      firstTokenMs: 15,
    });
  });

  it("[SE46] [RT67] counts what earlier lives have paid, and the time to the first word is theirs", () => {
    const legs = [toLeg({ costMicroUsd: 3, estimated: true })];
    // Four more for a call that gave nothing.
    const before = { ...RECEIPT, legs, firstTokenMs: 11, costMicroUsd: 7 };
    const outcome = toOutcome();
    expect(toReceipt({ before, outcomes: [outcome], end: outcome.end, durationMs: 1 })).toMatchObject({
      legs: [{ costMicroUsd: 3, estimated: true }, toLeg()],
      attempts: 2,
      costMicroUsd: 14,
      firstTokenMs: 11,
    });
  });

  it("[SE2] one leg of unknown cost makes the sum unknown, a failure without a leg costs what it cost", () => {
    const unknown = toOutcome({ legs: [toLeg({ costMicroUsd: null })], costMicroUsd: null });
    const known = toOutcome();
    const sum = (outcomes: AnswerOutcome[]) =>
      toReceipt({ before: RECEIPT, outcomes, end: outcomes.at(-1)?.end ?? null, durationMs: 1 }).costMicroUsd;
    expect([sum([known, unknown]), sum([unknown, known])]).toEqual([null, null]);
    expect(sum([toOutcome({ legs: [], costMicroUsd: 0, status: "failed" })])).toBe(0);
  });

  it("[SE2] [SE1] that is not complete has a sentence for the reader", () => {
    for (const status of ["incomplete", "failed", "cancelled"] as const) {
      const outcome = toOutcome({ status, attempts: [FAILED] });
      const receipt = toReceipt({ before: RECEIPT, outcomes: [outcome], end: outcome.end, durationMs: 1 });
      expect(receipt).toMatchObject({ status, notice: expect.stringMatching(/\.$/) });
    }
  });

  it("[HT375] says what has ended it, and not what the log knows of it", () => {
    const receiptOf = (changes: Partial<AnswerEnd>) => {
      const outcome = toOutcome({ attempts: [FAILED], ...changes });
      return toReceipt({ before: RECEIPT, outcomes: [outcome], end: outcome.end, durationMs: 1 });
    };
    const failure = toUnaskedFailure("rate-limited", "for the log", 20_000);
    const failed = receiptOf({ status: "failed", failure });
    expect(failed.failure).toEqual({ kind: "rate-limited", retryAfterMs: 20_000 });
    expect(Receipt.parse(failed)).toEqual(failed);
    expect("failure" in receiptOf({})).toBe(false);
  });

  it("[SE2] says each reason once", () => {
    const outcomes = [toOutcome({ attempts: [FAILED] }), toOutcome({ attempts: [FAILED] })];
    const { reasons } = toReceipt({ before: RECEIPT, outcomes, end: toEnd(), durationMs: 1 });
    expect(reasons).toEqual(["google/gemini-3.5-flash-lite failed: server-error."]);
  });
});
