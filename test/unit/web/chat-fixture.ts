/** Frames and messages for the tests of the chat's pages. */
import type { Receipt } from "../../../src/protocol/answer.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import type { ActiveTurn, LiveServerFrame, StoredMessage } from "../../../src/protocol/session-frame.ts";
import { newChatState } from "../../../web/session/chat-state.ts";
import type { ChatEffect, ChatEvent, ChatState } from "../../../web/session/chat-state.ts";
import { applyChatEvent } from "../../../web/session/chat-view.ts";

export const SESSION_ID = "chat_1";
export const TURN: ActiveTurn = {
  turnId: "turn_1",
  requestId: "request_1",
  messageId: "answer_1",
  parentId: "question_1",
  generation: 0,
};
/** The resume of a page that has nothing of it yet. */
export const RESUME = {
  type: "resume",
  requestId: TURN.requestId,
  id: SESSION_ID,
  turnId: TURN.turnId,
  generation: 0,
  headers: {},
  body: {},
};
export const CUT: ChatEvent = { type: "socket-close", code: 1006, online: true };

export function makeReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    status: "complete",
    turnId: TURN.turnId,
    selectionId: "sel_1",
    requested: ["balanced"],
    legs: [
      {
        provider: "openai",
        model: "gpt",
        usage: { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 20 },
        costMicroUsd: 1_500,
        estimated: false,
      },
    ],
    attempts: 1,
    firstTokenMs: 340,
    durationMs: 1_200,
    costMicroUsd: 1_500,
    sandbox: false,
    notice: null,
    reasons: [],
    createdAt: "2026-11-20T12:00:00.000Z",
    ...change,
  };
}

export function makeQuestion(id: string, parentId: string | null, text = id): StoredMessage {
  return {
    id,
    role: "user",
    parentId,
    parts: [{ type: "text", text }],
    metadata: null,
    createdAt: "2026-11-20T12:00:00.000Z",
  };
}

export function makeAnswer(id: string, parentId: string, text = id): StoredMessage {
  return { ...makeQuestion(id, parentId, text), role: "assistant", metadata: makeReceipt() };
}

type Hello = Extract<LiveServerFrame, { type: "hello" }>;

export function makeHello(
  messages: StoredMessage[],
  activeTurn: ActiveTurn | null = null,
  change: Partial<Hello> = {},
): Hello {
  return {
    type: "hello",
    sessionId: SESSION_ID,
    title: "A title",
    messages,
    hasOlder: false,
    branches: {},
    activeTurn,
    summary: null,
    presence: 1,
    ...change,
  };
}

/** The chunks of a whole answer: one text part in pieces. */
export function makeChunks(pieces: readonly string[]): AnswerChunk[] {
  return [
    { type: "start", messageId: TURN.messageId, messageMetadata: makeReceipt({ status: "streaming" }) },
    { type: "text-start", id: "0" },
    ...pieces.map((delta): AnswerChunk => ({ type: "text-delta", id: "0", delta })),
    { type: "text-end", id: "0" },
    { type: "finish", finishReason: "stop", messageMetadata: makeReceipt() },
  ];
}

export function makeChunkFrame(
  sequence: number,
  chunk: AnswerChunk,
  requestId = TURN.requestId,
): LiveServerFrame {
  return { type: "chunk", requestId, sequence, chunk };
}

export const frame = (value: LiveServerFrame): ChatEvent => ({ type: "frame", frame: value });
type Ask = Extract<ChatEvent, { type: "ask" }>;
export const ask = (id: string, change: Partial<Ask> = {}): ChatEvent => ({
  type: "ask",
  requestId: `r_${id}`,
  messageId: id,
  text: `text of ${id}`,
  files: [],
  model: "fast",
  editedId: null,
  ...change,
});
/** The server's word that it has taken that question. */
export const added = (id: string, parentId: string | null = null): ChatEvent =>
  frame({ type: "message-added", message: makeQuestion(id, parentId, `text of ${id}`) });
export const started = (turn: ActiveTurn = TURN): ChatEvent => frame({ type: "turn-started", turn });
export const ended = (turn: ActiveTurn = TURN, text = turn.messageId): ChatEvent =>
  frame({
    type: "turn-ended",
    turnId: turn.turnId,
    message: makeAnswer(turn.messageId, turn.parentId, text),
  });
/** The turn that answers that question of this tab. */
export const turnOf = (id: string, generation = 0): ActiveTurn => ({
  turnId: `turn_${id}`,
  requestId: `r_${id}`,
  messageId: `answer_${id}`,
  parentId: id,
  generation,
});

/** Takes the events in order; the state after the last one and the effects of each. */
export function run(
  events: readonly ChatEvent[],
  from: ChatState = newChatState(SESSION_ID, []),
): { state: ChatState; effects: ChatEffect[][] } {
  let state = from;
  const effects: ChatEffect[][] = [];
  for (const event of events) {
    const step = applyChatEvent(state, event);
    state = step.state;
    effects.push([...step.effects]);
  }
  return { state, effects };
}

/** The ids of the questions that were sent after the last event. */
export function lastAsked(effects: readonly ChatEffect[][]): (string | undefined)[] {
  return (effects.at(-1) ?? []).flatMap((effect) =>
    effect.type === "send-frame" && effect.frame.type === "send" ? [effect.frame.messages[0]?.id] : [],
  );
}

/** The frames among the effects of the last event. */
export function lastFrames(effects: readonly ChatEffect[][]): unknown[] {
  return (effects.at(-1) ?? []).flatMap((effect) => (effect.type === "send-frame" ? [effect.frame] : []));
}
