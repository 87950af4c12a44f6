/** Answers for the tests of sessions: how one ends, its record, its receipt. */
import { UNKNOWN_USAGE, type Leg, type Receipt } from "../../../src/protocol/answer.ts";
import type { SelectionRecord } from "../../../src/protocol/selection.ts";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toProviderId } from "../../../src/providers/provider-config.ts";
import type { AnswerEnd } from "../../../src/routing/run-plan.ts";
import type { SessionRow, TurnRow } from "../../../src/session/rows.ts";

export const NOW_MS = Date.parse("2026-11-20T12:00:00.000Z");
export const TARGET = { provider: toProviderId("openai"), model: "gpt-6-luna" };
export const OTHER_TARGET = { provider: toProviderId("google"), model: "gemini-3.5-flash-lite" };

export const RECEIPT: Receipt = {
  status: "streaming",
  turnId: "turn_1",
  selectionId: "sel_1",
  requested: ["fast"],
  legs: [],
  attempts: 0,
  firstTokenMs: null,
  durationMs: null,
  costMicroUsd: null,
  sandbox: true,
  notice: null,
  reasons: [],
  createdAt: new Date(NOW_MS).toISOString(),
};

export function toLeg(changes: Partial<Leg> = {}): Leg {
  return { ...TARGET, usage: UNKNOWN_USAGE, costMicroUsd: 7, estimated: false, ...changes };
}

export function toEnd(changes: Partial<AnswerEnd> = {}): AnswerEnd {
  return {
    type: "answer-end",
    status: "complete",
    finishReason: "stop",
    failure: null,
    attempts: [],
    legs: [toLeg()],
    firstTokenMs: 40,
    durationMs: 90,
    usage: UNKNOWN_USAGE,
    costMicroUsd: 7,
    ...changes,
  };
}

export const RECORD: SelectionRecord = {
  id: "sel_1",
  requestId: "turn_1",
  organizationId: "org_1",
  userId: "user_1",
  sessionId: "chat_1",
  turnId: "turn_1",
  createdAt: new Date(NOW_MS).toISOString(),
  requested: ["fast"],
  mode: "class",
  intent: "chat",
  candidates: [],
  decision: null,
  attempts: [],
  status: "complete",
  ...TARGET,
  affinity: false,
  firstTokenMs: 40,
  durationMs: 90,
  usage: UNKNOWN_USAGE,
  costMicroUsd: 7,
  sandbox: true,
};

export const SESSION: SessionRow = {
  sessionId: "chat_1",
  organizationId: "org_1",
  userId: "user_1",
  title: "Weather",
  titleSource: "person",
  leafMessageId: "q1",
  lastProvider: "openai",
  createdAtMs: NOW_MS,
};

export const TURN: TurnRow = {
  position: 1,
  turnId: "turn_1",
  requestId: "r1",
  selectionId: "sel_1",
  messageId: "a1",
  parentId: "q1",
  requested: ["fast"],
  policy: null,
  status: "running",
  stopRequested: false,
  createdAtMs: NOW_MS,
  endedAtMs: null,
  generation: 0,
  rewoundTo: 0,
};

/** A stored message of one text part, or of the given ones. */
export function toMessage(
  id: string,
  role: "user" | "assistant",
  content: string | StoredMessage["parts"],
  parentId: string | null = null,
): StoredMessage {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  return { id, role, parentId, parts, metadata: null, createdAt: RECEIPT.createdAt };
}
