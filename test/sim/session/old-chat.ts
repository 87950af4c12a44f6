/** What a simulated chat has from before: a long tree of messages, records that the queue has not taken. */
import type { Random } from "../../../src/base/random.ts";
import type { Receipt } from "../../../src/protocol/answer.ts";
import type { SelectionRecord } from "../../../src/protocol/selection.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";

const BRANCHES = 0.1;

/** Questions and answers in turn; now and then there are two questions, or two answers, and the path goes on below the second. */
export function storeOldMessages(store: SessionStore, count: number, random: Random, nowMs: number): void {
  let parentId: string | null = null;
  for (let number = 0; number < count / 2; number += 1) {
    const question: string = storeOne(store, `old-${number}-q`, parentId, nowMs);
    let answer = storeOne(store, `old-${number}-a`, question, nowMs);
    if (random() < BRANCHES) {
      const beside = storeOne(store, `old-${number}-a2`, question, nowMs);
      store.messages.noteBranch(question, [answer], beside);
      answer = beside;
    }
    if (random() < BRANCHES) {
      const edited = storeOne(store, `old-${number}-q2`, parentId, nowMs);
      store.messages.noteBranch(parentId, [question], edited);
      answer = storeOne(store, `old-${number}-a3`, edited, nowMs);
    }
    parentId = answer;
  }
  if (parentId !== null) store.updateSession({ leafMessageId: parentId });
}

function storeOne(store: SessionStore, id: string, parentId: string | null, nowMs: number): string {
  const isQuestion = id.includes("-q");
  store.messages.append({
    id,
    role: isQuestion ? "user" : "assistant",
    parentId,
    parts: [{ type: "text", text: `Old ${id}`, ...(isQuestion ? {} : { state: "done" }) }],
    metadata: isQuestion ? null : toOldReceipt(id, nowMs),
    createdAt: new Date(nowMs).toISOString(),
  });
  return id;
}

function toOldReceipt(id: string, nowMs: number): Receipt {
  return {
    status: "complete",
    turnId: `turn-${id}`,
    selectionId: `sel-${id}`,
    requested: [],
    legs: [],
    attempts: 1,
    firstTokenMs: 1,
    durationMs: 2,
    costMicroUsd: 0,
    sandbox: true,
    notice: null,
    reasons: [],
    createdAt: new Date(nowMs).toISOString(),
  };
}

/** As large as a record becomes in an outage: eight calls, each with as many of the provider's own words as are kept. */
const CALLS = 8;
const ERROR = "a provider's own words ".repeat(25).slice(0, 500);
const REASON = "second by price, 1.2 times the cheapest, usual first token 412 ms";

export function storeOldRecords(store: SessionStore, count: number, sessionId: string): void {
  for (let number = 0; number < count; number += 1) {
    store.appendOutbox({ record: toOldRecord(number, sessionId), sessionTitle: null });
  }
}

function toOldRecord(number: number, sessionId: string): SelectionRecord {
  const names = ["alpha", "beta", "gamma", "delta", "epsilon"];
  return {
    id: `sel-old-${number}`,
    requestId: `turn-old-${number}`,
    organizationId: "org_sim",
    userId: "user_sim",
    sessionId,
    turnId: `turn-old-${number}`,
    createdAt: new Date(number).toISOString(),
    requested: ["balanced"],
    mode: "class",
    intent: "chat",
    candidates: names.map((provider, index) => ({
      provider,
      model: "large",
      place: index + 1,
      reason: REASON,
      circuit: "CLOSED",
      facts: null,
    })),
    decision: null,
    attempts: [...names, ...names].slice(0, CALLS).map((provider) => ({
      provider,
      model: "large",
      startedAtMs: 0,
      durationMs: 100,
      firstTokenMs: null,
      outcome: "failure",
      error: `server-error: ${ERROR}`,
      hedge: false,
      usage: UNKNOWN_USAGE,
      costMicroUsd: null,
    })),
    status: "failed",
    provider: null,
    model: null,
    affinity: false,
    firstTokenMs: null,
    durationMs: 1_000,
    usage: UNKNOWN_USAGE,
    costMicroUsd: null,
    sandbox: true,
  };
}
