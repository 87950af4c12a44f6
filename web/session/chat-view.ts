/**
 * A live chat as one state machine: what the socket says and what the reader does go in, the next view and the
 * frames to send come out. No socket, timer, clock or randomness: ids come with the events. Rules WB1 to WB19, WB51
 * to WB67.
 */
import { stay, toSendEffect } from "./chat-state.ts";
import type { ChatEvent, ChatState, ChatStep } from "./chat-state.ts";
import { applyFrame } from "./frame-step.ts";
import { continueJump, loadOlder } from "./jump.ts";
import { canBranch, refuseUnreadable, sendAgain, takeAsk, takeBack } from "./outbox-step.ts";

export const CLOSE_UNAUTHENTICATED = 4401;
export const CLOSE_NOT_FOUND = 4404;
/** RFC 6455: the server could not read what we sent, or would not for its size. Sending it again would not help. */
const CLOSE_BAD_FRAME = 1008;
const CLOSE_TOO_BIG = 1009;

function applyClose(state: ChatState, code: number, online: boolean): ChatStep {
  const connection = online ? "reconnecting" : "offline";
  const lost: ChatState = { ...state, connection, isLoadingOlder: false };
  if (code === CLOSE_UNAUTHENTICATED) {
    return { state: { ...lost, stage: "signed-out" }, effects: [{ type: "disconnect" }] };
  }
  if (code === CLOSE_NOT_FOUND && state.stage !== "deleted") {
    return { state: { ...lost, stage: "missing" }, effects: [{ type: "disconnect" }] };
  }
  if (code === CLOSE_TOO_BIG) return stay(refuseUnreadable(lost, "The message is too large."));
  if (code === CLOSE_BAD_FRAME) {
    return stay(refuseUnreadable(lost, "The server could not read the message."));
  }
  return stay(lost);
}

function stop(state: ChatState): ChatStep {
  const { running } = state;
  if (running === null || running.stopping) return stay(state);
  const stopping = { ...state, running: { ...running, stopping: true } };
  const effects =
    state.connection === "live" ? [toSendEffect({ type: "stop", turnId: running.turn.turnId })] : [];
  return { state: stopping, effects };
}

function decideTool(state: ChatState, approvalId: string, approved: boolean): ChatStep {
  const { running } = state;
  // Without a line nobody would hear it, and whoever comes back may find that the call is off.
  if (running === null || state.connection !== "live" || running.decided[approvalId] !== undefined) {
    return stay(state);
  }
  const decided = { ...running.decided, [approvalId]: approved };
  return {
    state: { ...state, running: { ...running, decided } },
    effects: [toSendEffect({ type: "decide-tool", approvalId, approved })],
  };
}

function selectBranch(state: ChatState, messageId: string): ChatStep {
  if (!canBranch(state) || state.connection !== "live") return stay(state);
  return { state, effects: [toSendEffect({ type: "select-branch", messageId })] };
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
    case "answer-again":
      return takeAsk(state, event);
    case "send-again":
      return sendAgain(state, event);
    case "take-back":
      return takeBack(state, event);
    case "stop":
      return stop(state);
    case "decide-tool":
      return decideTool(state, event.approvalId, event.approved);
    case "load-older":
      return loadOlder(state);
    case "select-branch":
      return selectBranch(state, event.messageId);
    case "jump-to": {
      const { messageId, createdAtMs } = event;
      const jump = { messageId, createdAtMs, phase: "looking", errorText: "" } as const;
      return continueJump({ ...state, jump });
    }
    case "jump-end":
      return stay({ ...state, jump: null });
    case "notice-dismiss":
      return stay({ ...state, notice: null });
  }
}
