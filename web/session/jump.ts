/**
 * Brings a message into the loaded path: by loading what is above it, or by showing the branch it is on. Pure steps
 * of the chat's state machine (chat-view.ts); scrolling there is the page's business. Rules WB66, WB67.
 */
import { stay, toSendEffect } from "./chat-state.ts";
import type { ChatEffect, ChatState, ChatStep, Jump } from "./chat-state.ts";
import { canBranch } from "./outbox-step.ts";

/** The most the wire gives at once: a jump may go far. */
const JUMP_PAGE = 200;
/** A page while somebody scrolls: a few screens. */
const SCROLL_PAGE = 60;

/** Asks for the messages above those that are loaded, once at a time. */
export function loadOlder(state: ChatState, limit: number = SCROLL_PAGE): ChatStep {
  const before = state.messages[0]?.id;
  if (before === undefined || !state.hasOlder || state.isLoadingOlder || state.connection !== "live") {
    return stay(state);
  }
  const effect: ChatEffect = toSendEffect({ type: "load-older", before, limit });
  return { state: { ...state, isLoadingOlder: true }, effects: [effect] };
}

function end(state: ChatState, jump: Jump, phase: "found" | "failed", errorText = ""): ChatStep {
  return stay({ ...state, jump: { ...jump, phase, errorText } });
}

function showItsBranch(state: ChatState, jump: Jump): ChatStep {
  if (!canBranch(state)) {
    const text = "It is on another branch, which can be shown once nothing is being written or sent.";
    return end(state, jump, "failed", text);
  }
  const { messageId } = jump;
  return {
    state: { ...state, jump: { ...jump, phase: "switching" } },
    effects: [toSendEffect({ type: "select-branch", messageId })],
  };
}

/** The next step towards the message, after whatever has changed. */
export function continueJump(state: ChatState): ChatStep {
  const { jump, messages } = state;
  if (jump === null || jump.phase === "found" || jump.phase === "failed") return stay(state);
  if (messages.some(({ id }) => id === jump.messageId)) return end(state, jump, "found");
  if (state.connection !== "live" || jump.phase === "switching") return stay(state);
  const oldestMs = Date.parse(messages[0]?.createdAt ?? "");
  // Along a path time only goes on: what is younger than the first message and not among them is on another branch.
  const mayBeAbove = state.hasOlder && (jump.phase === "switched" || oldestMs >= jump.createdAtMs);
  if (mayBeAbove) return loadOlder(state, JUMP_PAGE);
  return jump.phase === "switched"
    ? end(state, jump, "failed", "This message could not be found.")
    : showItsBranch(state, jump);
}

/** Another path is shown: the one that was asked for, if one was. */
export function noteSwitched(state: ChatState): ChatState {
  const { jump } = state;
  return jump?.phase === "switching" ? { ...state, jump: { ...jump, phase: "switched" } } : state;
}

/** The server would not show the branch. */
export function failJump(state: ChatState, errorText: string): ChatState {
  return state.jump === null ? state : { ...state, jump: { ...state.jump, phase: "failed", errorText } };
}
