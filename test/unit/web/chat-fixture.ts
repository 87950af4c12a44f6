/** Frames and messages for the tests of the chat's pages. */
import type { Receipt } from "../../../src/protocol/answer.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type {
  ActiveTurn,
  AnswerChunk,
  LiveServerFrame,
  StoredMessage,
} from "../../../src/protocol/session-frame.ts";
import { applyChatEvent, newChatState } from "../../../web/session/chat-view.ts";
import type { ChatEffect, ChatEvent, ChatState } from "../../../web/session/chat-view.ts";

export const SESSION_ID = "chat_1";
export const TURN: ActiveTurn = {
  turnId: "turn_1",
  requestId: "request_1",
  messageId: "answer_1",
  parentId: "question_1",
};

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

export function makeHello(
  messages: StoredMessage[],
  activeTurn: ActiveTurn | null = null,
): Extract<LiveServerFrame, { type: "hello" }> {
  return { type: "hello", sessionId: SESSION_ID, title: "A title", messages, activeTurn, presence: 1 };
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
export const ask = (id: string): ChatEvent => ({
  type: "ask",
  requestId: `r_${id}`,
  messageId: id,
  text: `text of ${id}`,
  model: "fast",
});

/** Takes the events in order; the state after the last one and the effects of each. */
export function run(
  events: readonly ChatEvent[],
  from: ChatState = newChatState(SESSION_ID, null),
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

/** The frames among the effects of the last event. */
export function lastFrames(effects: readonly ChatEffect[][]): unknown[] {
  return (effects.at(-1) ?? []).flatMap((effect) => (effect.type === "send-frame" ? [effect.frame] : []));
}
