/**
 * A live chat as one state machine: what the socket says and what the reader does go in, the next view and the
 * frames to send come out. No socket, timer, clock or randomness: ids come with the events. Rules WB1 to WB19.
 */
import type {
  ActiveTurn,
  LiveClientFrame,
  LiveServerFrame,
  StoredMessage,
} from "../../src/protocol/session-frame.ts";
import { applyChunk, EMPTY_ANSWER } from "./answer-part.ts";
import type { StreamedAnswer } from "./answer-part.ts";
import { cutAfter, placeMessage } from "./message-path.ts";
import { keepPending, toSendFrame } from "./pending-send.ts";
import type { PendingSend } from "./pending-send.ts";

export interface RunningTurn {
  readonly turn: ActiveTurn;
  readonly answer: StreamedAnswer;
  /** The last sequence that is in the answer; null before the first. */
  readonly lastSequence: number | null;
  /** True from a gap until the missing chunk arrives, so that one gap asks once. */
  readonly catchingUp: boolean;
  readonly stopping: boolean;
}

export interface Refusal {
  readonly errorText: string;
  /** What was refused; null when it was not ours. */
  readonly send: PendingSend | null;
}

/** `loading` until the first hello of the chat; the other three need no socket any more. */
export type ChatStage = "loading" | "ready" | "missing" | "deleted" | "signed-out";
export type Connection = "connecting" | "live" | "reconnecting" | "offline";

export interface ChatState {
  readonly sessionId: string;
  readonly stage: ChatStage;
  readonly connection: Connection;
  readonly title: string;
  readonly presence: number;
  /** The active path, oldest first, without the answer that is running. */
  readonly messages: readonly StoredMessage[];
  readonly running: RunningTurn | null;
  readonly pending: PendingSend | null;
  readonly refusal: Refusal | null;
}

export type ChatEvent =
  | { readonly type: "frame"; readonly frame: LiveServerFrame }
  | { readonly type: "socket-close"; readonly code: number; readonly online: boolean }
  | { readonly type: "network-change"; readonly online: boolean }
  | {
      readonly type: "ask";
      readonly requestId: string;
      readonly messageId: string;
      readonly text: string;
      readonly model: string;
    }
  | {
      readonly type: "answer-again";
      readonly requestId: string;
      readonly messageId: string;
      readonly model: string;
    }
  | { readonly type: "stop" }
  | { readonly type: "refusal-dismiss" };

export type ChatEffect =
  | { readonly type: "send-frame"; readonly frame: LiveClientFrame }
  /** Open a new socket: its hello says how things are. */
  | { readonly type: "reconnect" }
  /** No socket is needed any more. */
  | { readonly type: "disconnect" };

export interface ChatStep {
  readonly state: ChatState;
  readonly effects: readonly ChatEffect[];
}

export const CLOSE_UNAUTHENTICATED = 4401;
export const CLOSE_NOT_FOUND = 4404;
/** RFC 6455: the server could not read what we sent, or would not for its size. Sending it again would not help. */
const CLOSE_BAD_FRAME = 1008;
const CLOSE_TOO_BIG = 1009;

/** `pending` is a question that was typed before there was a socket: on the page before, or before a reload. */
export function newChatState(sessionId: string, pending: PendingSend | null): ChatState {
  return {
    sessionId,
    stage: "loading",
    connection: "connecting",
    title: "",
    presence: 0,
    messages: [],
    running: null,
    pending,
    refusal: null,
  };
}

const stay = (state: ChatState): ChatStep => ({ state, effects: [] });

function toResumeEffect(sessionId: string, running: RunningTurn): ChatEffect {
  return {
    type: "send-frame",
    frame: {
      type: "resume",
      requestId: running.turn.requestId,
      id: sessionId,
      ...(running.lastSequence === null ? {} : { lastSequence: running.lastSequence }),
      headers: {},
      body: {},
    },
  };
}

function newRunningTurn(turn: ActiveTurn): RunningTurn {
  return { turn, answer: EMPTY_ANSWER, lastSequence: null, catchingUp: false, stopping: false };
}

/** Sends what is pending when the socket is live; otherwise it waits for the next hello. */
function sendPending(state: ChatState): ChatStep {
  const { pending } = state;
  if (pending === null || state.connection !== "live" || pending.sent) return stay(state);
  return {
    state: { ...state, pending: { ...pending, sent: true } },
    effects: [{ type: "send-frame", frame: toSendFrame(state.sessionId, pending) }],
  };
}

function applyHello(state: ChatState, hello: Extract<LiveServerFrame, { type: "hello" }>): ChatStep {
  const { activeTurn } = hello;
  const known =
    state.running !== null && state.running.turn.turnId === activeTurn?.turnId ? state.running : null;
  const running = activeTurn === null ? null : (known ?? newRunningTurn(activeTurn));
  const effects: ChatEffect[] = [];
  if (running !== null) {
    effects.push(toResumeEffect(state.sessionId, running));
    if (running.stopping) effects.push({ type: "send-frame", frame: { type: "stop" } });
  }
  const sent = sendPending({
    ...state,
    stage: "ready",
    connection: "live",
    title: hello.title,
    presence: hello.presence,
    messages: hello.messages,
    running: running === null ? null : { ...running, catchingUp: true },
    pending: keepPending(state.pending, hello.messages),
  });
  return { state: sent.state, effects: [...effects, ...sent.effects] };
}

function applyChunkFrame(state: ChatState, frame: Extract<LiveServerFrame, { type: "chunk" }>): ChatStep {
  const { running } = state;
  if (running === null || running.turn.requestId !== frame.requestId) return stay(state);
  const expected = running.lastSequence === null ? 0 : running.lastSequence + 1;
  if (frame.sequence < expected) return stay(state);
  if (frame.sequence > expected) {
    if (running.catchingUp) return stay(state);
    const waiting = { ...running, catchingUp: true };
    return { state: { ...state, running: waiting }, effects: [toResumeEffect(state.sessionId, running)] };
  }
  const answer = applyChunk(running.answer, frame.chunk);
  return stay({ ...state, running: { ...running, answer, lastSequence: frame.sequence, catchingUp: false } });
}

function applyError(state: ChatState, frame: Extract<LiveServerFrame, { type: "error" }>): ChatStep {
  const { pending } = state;
  const isOurs = pending !== null && pending.requestId === frame.requestId;
  return stay({
    ...state,
    pending: isOurs ? null : pending,
    refusal: { errorText: frame.errorText, send: isOurs ? pending : null },
  });
}

function applyFrame(state: ChatState, frame: LiveServerFrame): ChatStep {
  switch (frame.type) {
    case "hello":
      return applyHello(state, frame);
    case "chunk":
      return applyChunkFrame(state, frame);
    case "error":
      return applyError(state, frame);
    case "start":
    case "end":
      return stay(state);
    case "no-active":
      // The turn ended between the hello and our resume: only a new hello tells with what.
      return state.running?.turn.requestId === frame.requestId
        ? { state, effects: [{ type: "reconnect" }] }
        : stay(state);
    case "message-added": {
      const isPending = state.pending?.messageId === frame.message.id;
      const messages = placeMessage(state.messages, frame.message);
      return stay({ ...state, messages, pending: isPending ? null : state.pending });
    }
    case "turn-started": {
      const { turn } = frame;
      if (state.running?.turn.turnId === turn.turnId) return stay(state);
      const isAgain = state.pending?.trigger === "regenerate-message";
      const { before, after } = cutAfter(state.messages, turn.parentId, turn.messageId);
      return stay({
        ...state,
        messages: [...before, ...after],
        running: newRunningTurn(turn),
        pending: isAgain ? null : state.pending,
        refusal: null,
      });
    }
    case "turn-ended": {
      const running = state.running?.turn.turnId === frame.turnId ? null : state.running;
      return stay({ ...state, running, messages: placeMessage(state.messages, frame.message) });
    }
    case "session-changed": {
      const next = { ...state, title: frame.title, presence: frame.presence };
      return frame.deleted
        ? { state: { ...next, stage: "deleted", running: null }, effects: [{ type: "disconnect" }] }
        : stay(next);
    }
  }
}

function applyClose(state: ChatState, code: number, online: boolean): ChatStep {
  const lost: ChatState = { ...state, connection: online ? "reconnecting" : "offline" };
  if (code === CLOSE_UNAUTHENTICATED) {
    return { state: { ...lost, stage: "signed-out" }, effects: [{ type: "disconnect" }] };
  }
  if (code === CLOSE_NOT_FOUND && state.stage !== "deleted") {
    return { state: { ...lost, stage: "missing" }, effects: [{ type: "disconnect" }] };
  }
  const { pending } = state;
  if ((code === CLOSE_BAD_FRAME || code === CLOSE_TOO_BIG) && pending?.sent === true) {
    const errorText =
      code === CLOSE_TOO_BIG ? "The message is too large." : "The server could not read the message.";
    return stay({ ...lost, pending: null, refusal: { errorText, send: pending } });
  }
  return stay(lost);
}

/** Whether the reader may ask now: one question at a time, and none while an answer runs. */
export function canAsk(state: ChatState): boolean {
  return (
    state.running === null && state.pending === null && (state.stage === "ready" || state.stage === "loading")
  );
}

/** The next state of a chat and what must be done for it. */
export function applyChatEvent(state: ChatState, event: ChatEvent): ChatStep {
  switch (event.type) {
    case "frame":
      return applyFrame(state, event.frame);
    case "socket-close":
      return applyClose(state, event.code, event.online);
    case "network-change":
      if (state.connection === "live") return stay(state);
      return stay({ ...state, connection: event.online ? "reconnecting" : "offline" });
    case "ask":
    case "answer-again": {
      if (!canAsk(state)) return stay(state);
      const text = event.type === "ask" ? event.text : "";
      const trigger = event.type === "ask" ? "submit-message" : "regenerate-message";
      const { requestId, messageId, model } = event;
      const pending = { trigger, requestId, messageId, text, model, sent: false } as const;
      return sendPending({ ...state, pending, refusal: null });
    }
    case "stop": {
      if (state.running === null || state.running.stopping) return stay(state);
      const stopping = { ...state, running: { ...state.running, stopping: true } };
      const isLive = state.connection === "live";
      return { state: stopping, effects: isLive ? [{ type: "send-frame", frame: { type: "stop" } }] : [] };
    }
    case "refusal-dismiss":
      return stay({ ...state, refusal: null });
  }
}
