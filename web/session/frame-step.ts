/** What each frame of the server changes in a chat. Pure steps of the chat's state machine (chat-view.ts). */
import type { LiveServerFrame } from "../../src/protocol/session-frame.ts";
import { andThen, stay, toSendEffect } from "./chat-state.ts";
import type { ChatEffect, ChatState, ChatStep } from "./chat-state.ts";
import { continueJump, failJump, noteSwitched } from "./jump.ts";
import { cutAfter, keepOlder, placeAnswer, placeQuestion } from "./message-path.ts";
import { confirmMessage, confirmRequest, refuse, sendWaiting, takeBackArrived } from "./outbox-step.ts";
import { keepPending } from "./pending-send.ts";
import {
  meetTurn,
  noteDurable,
  rewindTurn,
  startRunningTurn,
  takeChunk,
  toResumeFrame,
} from "./running-turn.ts";
import type { RunningTurn } from "./running-turn.ts";

type Frame<Type extends LiveServerFrame["type"]> = Extract<LiveServerFrame, { type: Type }>;

/** The whole truth: on a new socket, and on one that fell behind. */
function applyHello(state: ChatState, hello: Frame<"hello">): ChatStep {
  const { activeTurn, messages } = hello;
  const running = activeTurn === null ? null : meetTurn(state.running, activeTurn);
  const effects: ChatEffect[] = [];
  if (running !== null) {
    effects.push(toSendEffect(toResumeFrame(state.sessionId, running)));
    if (running.stopping) effects.push(toSendEffect({ type: "stop", turnId: running.turn.turnId }));
  }
  const { jump } = state;
  const next: ChatState = {
    ...state,
    stage: "ready",
    connection: "live",
    title: hello.title,
    presence: hello.presence,
    ...keepOlder(state, hello),
    isLoadingOlder: false,
    summary: hello.summary,
    running,
    expectsTurn: false,
    outbox: keepPending(state.outbox, messages, activeTurn),
    // Whatever was asked for on another socket may never have arrived.
    jump: jump?.phase === "switching" ? { ...jump, phase: "looking" } : jump,
  };
  effects.push(...takeBackArrived(next, state.outbox));
  return andThen(andThen({ state: next, effects }, sendWaiting), continueJump);
}

function applyChunk(state: ChatState, running: RunningTurn, frame: Frame<"chunk">): ChatStep {
  const taken = takeChunk(running, frame);
  if (taken.running === running) return stay(state);
  const effects = taken.hasGap ? [toSendEffect(toResumeFrame(state.sessionId, running))] : [];
  return { state: { ...state, running: taken.running }, effects };
}

/** Frames of the turn that runs; those of any other turn change nothing. */
function applyTurnFrame(
  state: ChatState,
  frame: Frame<"chunk" | "rewind" | "durable" | "no-active" | "end">,
): ChatStep {
  const { running } = state;
  if (running?.turn.requestId !== frame.requestId) return stay(state);
  switch (frame.type) {
    case "chunk":
      return applyChunk(state, running, frame);
    case "rewind":
      return stay({ ...state, running: rewindTurn(running, frame) });
    case "durable": {
      const noted = noteDurable(running, frame);
      return noted === running ? stay(state) : stay({ ...state, running: noted });
    }
    case "no-active":
      // The turn ended between the hello and our resume: only a new hello tells with what.
      return { state, effects: [{ type: "reconnect" }] };
    case "end":
      return stay(state);
  }
}

function applyTurnStarted(state: ChatState, { turn }: Frame<"turn-started">): ChatStep {
  const { running } = state;
  if (running?.turn.turnId === turn.turnId) {
    if (turn.generation <= running.turn.generation) return stay(state);
    // It lived through a crash and so did this socket: the log comes again from its beginning.
    return stay({ ...state, running: { ...startRunningTurn(turn), stopping: running.stopping } });
  }
  // Another tab asked for another answer above what is loaded here: only a new hello tells the path to it.
  if (state.messages.every(({ id }) => id !== turn.parentId))
    return { state, effects: [{ type: "reconnect" }] };
  const { before, after } = cutAfter(state.messages, turn.parentId, turn.messageId);
  const confirmed = confirmRequest(state, turn.requestId);
  return sendWaiting({
    ...confirmed,
    messages: [...before, ...after],
    running: startRunningTurn(turn),
    expectsTurn: false,
    notice: null,
  });
}

function applyTurnEnded(state: ChatState, frame: Frame<"turn-ended">): ChatStep {
  const running = state.running?.turn.turnId === frame.turnId ? null : state.running;
  const messages = placeAnswer(state.messages, frame.message);
  const expectsTurn = running === null && messages.at(-1)?.role === "user";
  const next = { ...state, running, messages, expectsTurn };
  // What is open is known when that turn has begun.
  return expectsTurn ? stay(next) : sendWaiting(next);
}

function applyError(state: ChatState, { requestId, errorText }: Frame<"error">): ChatStep {
  if (state.jump?.messageId === requestId) return stay(failJump(state, errorText));
  return sendWaiting(refuse(state, requestId, errorText));
}

function applyOlder(state: ChatState, frame: Frame<"older-messages">): ChatStep {
  // Another path is shown by now: these do not belong above it.
  if (frame.before !== state.messages[0]?.id) return stay(state);
  return continueJump({
    ...state,
    messages: [...frame.messages, ...state.messages],
    hasOlder: frame.hasOlder,
    isLoadingOlder: false,
    branches: { ...frame.branches, ...state.branches },
  });
}

function applySessionChanged(state: ChatState, frame: Frame<"session-changed">): ChatStep {
  const next = { ...state, title: frame.title, presence: frame.presence };
  return frame.deleted
    ? { state: { ...next, stage: "deleted", running: null }, effects: [{ type: "disconnect" }] }
    : stay(next);
}

/** The chat after a frame, and what must be done for it. */
export function applyFrame(state: ChatState, frame: LiveServerFrame): ChatStep {
  switch (frame.type) {
    case "hello":
      return applyHello(state, frame);
    case "chunk":
    case "rewind":
    case "durable":
    case "end":
      return applyTurnFrame(state, frame);
    case "no-active":
      // Said of a question that was repeated: it is in the chat and its answer has ended long ago.
      return applyTurnFrame(confirmRequest(state, frame.requestId), frame);
    case "start":
      return stay(confirmRequest(state, frame.requestId));
    case "error":
      return applyError(state, frame);
    case "message-added": {
      const placed = placeQuestion(state, frame.message);
      return stay(confirmMessage({ ...placed, expectsTurn: state.running === null }, frame.message));
    }
    case "turn-started":
      return applyTurnStarted(state, frame);
    case "turn-ended":
      return applyTurnEnded(state, frame);
    case "session-changed":
      return applySessionChanged(state, frame);
    case "older-messages":
      return applyOlder(state, frame);
    case "path-changed": {
      const { messages, hasOlder, branches } = frame;
      return continueJump(
        noteSwitched({ ...state, messages, hasOlder, branches, isLoadingOlder: false, expectsTurn: false }),
      );
    }
    case "branches-changed":
      return stay({ ...state, branches: { ...state.branches, ...frame.branches } });
    case "summary-changed":
      return stay({ ...state, summary: frame.summary });
  }
}
