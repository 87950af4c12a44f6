/**
 * What becomes of the questions that this tab wants sent: asked, sent in order, confirmed, refused, taken back. Pure
 * steps of the chat's state machine (chat-view.ts). Rules WB8 to WB12, WB54 to WB58.
 */
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { stay, toSendEffect } from "./chat-state.ts";
import type { ChatEvent, ChatState, ChatStep } from "./chat-state.ts";
import { findWaiting } from "./message-path.ts";
import { isStoredAs, toSendFrame, toTakeBackFrames } from "./pending-send.ts";
import type { PendingSend } from "./pending-send.ts";

/** As many turns as the server keeps open in a chat; what is typed beyond waits here. */
const MAX_OPEN_TURNS = 5;
/** More than anybody types before looking at the first answer. */
const MAX_PENDING = 20;

type Event<Type extends ChatEvent["type"]> = Extract<ChatEvent, { type: Type }>;

function countWaiting({ messages, running }: Pick<ChatState, "messages" | "running">): number {
  return findWaiting(messages, running?.turn ?? null).length;
}

/** Whether the reader may ask: also while an answer runs, and while there is no connection. */
export function canAsk({ stage, outbox }: Pick<ChatState, "stage" | "outbox">): boolean {
  return (stage === "ready" || stage === "loading") && outbox.length < MAX_PENDING;
}

/** Whether another branch may begin or be shown: not while anything is under way on this one. */
export function canBranch(
  state: Pick<ChatState, "stage" | "outbox"> & { readonly running: unknown },
): boolean {
  return state.stage === "ready" && state.running === null && state.outbox.every(isRefused);
}

function isRefused({ refusal }: PendingSend): boolean {
  return refusal !== null;
}

/** An edited question and another answer begin a branch: the server takes them only when no turn is open. */
function beginsBranch({ trigger, edits }: PendingSend): boolean {
  return trigger === "regenerate-message" || edits !== null;
}

/** Sends what is pending, in order, as far as the server takes it now; the rest waits for an answer to end. */
export function sendWaiting(state: ChatState): ChatStep {
  if (state.connection !== "live") return stay(state);
  let open = (state.running === null ? 0 : 1) + countWaiting(state);
  let isHeld = false;
  const effects: ChatStep["effects"][number][] = [];
  const outbox = state.outbox.map((pending) => {
    if (isRefused(pending)) return pending;
    // What stands before is sent first, or an answer would follow the wrong question.
    isHeld ||= !pending.sent && (open >= MAX_OPEN_TURNS || (beginsBranch(pending) && open > 0));
    if (isHeld) return pending;
    open += 1;
    if (pending.sent) return pending;
    effects.push(toSendEffect(toSendFrame(state.sessionId, pending)));
    return { ...pending, sent: true };
  });
  return effects.length === 0 ? stay(state) : { state: { ...state, outbox }, effects };
}

function toPending(state: ChatState, event: Event<"ask" | "answer-again">): PendingSend {
  const { requestId, messageId, model } = event;
  const common = { requestId, messageId, model, sent: false, refusal: null, takenBack: false };
  if (event.type === "answer-again") {
    return { ...common, trigger: "regenerate-message", text: "", files: [], edits: null };
  }
  const { text, files, editedId } = event;
  const edited = state.messages.find(({ id }) => id === editedId);
  const edits =
    edited === undefined
      ? null
      : {
          messageId: edited.id,
          parentId: edited.parentId,
          besideIds: state.branches[edited.id] ?? [edited.id],
        };
  return { ...common, trigger: "submit-message", text, files: [...files], edits };
}

/** A new question, an edited one, or a wish for another answer. */
export function takeAsk(state: ChatState, event: Event<"ask" | "answer-again">): ChatStep {
  const pending = toPending(state, event);
  const isEditOfNothing = event.type === "ask" && event.editedId !== null && pending.edits === null;
  if (!canAsk(state) || isEditOfNothing) return stay(state);
  if (beginsBranch(pending) && !canBranch(state)) return stay(state);
  return sendWaiting({ ...state, outbox: [...state.outbox, pending], notice: null });
}

/** The server has it, as it says under this request id. */
export function confirmRequest(state: ChatState, requestId: string): ChatState {
  if (!state.outbox.some((pending) => pending.requestId === requestId)) return state;
  return { ...state, outbox: state.outbox.filter((pending) => pending.requestId !== requestId) };
}

/** The server has stored it. */
export function confirmMessage(state: ChatState, message: StoredMessage): ChatState {
  const isEdit = (pending: PendingSend): boolean => pending.edits !== null;
  // An edited question is known by its turn: until that begins it holds the place of the one it replaces.
  const outbox = state.outbox.filter((pending) => isEdit(pending) || !isStoredAs(pending, message));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

/** Refused: a question stays with the reason, and is not sent again by itself. */
export function refuse(state: ChatState, requestId: string, errorText: string): ChatState {
  const refused = state.outbox.find((pending) => pending.requestId === requestId);
  if (refused?.trigger !== "submit-message") {
    return { ...confirmRequest(state, requestId), notice: errorText };
  }
  const next = { ...refused, sent: false, refusal: errorText };
  return { ...state, outbox: state.outbox.map((pending) => (pending === refused ? next : pending)) };
}

/** Once more, behind whatever is waiting by now. */
export function sendAgain(state: ChatState, { messageId, requestId }: Event<"send-again">): ChatStep {
  const refused = state.outbox.find((pending) => pending.messageId === messageId && isRefused(pending));
  if (refused === undefined) return stay(state);
  const rest = state.outbox.filter((pending) => pending !== refused);
  return sendWaiting({ ...state, outbox: [...rest, { ...refused, requestId, refusal: null }] });
}

/** The line closed over a frame: it was the first that nobody has confirmed, since frames are read in order. */
export function refuseUnreadable(state: ChatState, errorText: string): ChatState {
  const culprit = state.outbox.find(({ sent }) => sent);
  return culprit === undefined ? state : refuse(state, culprit.requestId, errorText);
}

/** Takes back a question that waits: one that is still here, one that is on its way, or one that is stored. */
export function takeBack(state: ChatState, { messageId, requestId }: Event<"take-back">): ChatStep {
  const isLive = state.connection === "live";
  const pending = state.outbox.find((one) => one.messageId === messageId);
  if (pending !== undefined) {
    if (pending.sent && !isLive) {
      const outbox = state.outbox.map((one) => (one === pending ? { ...one, takenBack: true } : one));
      return stay({ ...state, outbox });
    }
    const rest = confirmRequest(state, pending.requestId);
    // Frames are read in order: by the time the abort is, the question waits.
    const abort = toSendEffect({ type: "abort", requestId: pending.requestId });
    return { state: rest, effects: pending.sent ? [abort] : [] };
  }
  const stored = findWaiting(state.messages, state.running?.turn ?? null).find(({ id }) => id === messageId);
  if (stored === undefined || !isLive) return stay(state);
  return { state, effects: toTakeBackFrames(state.sessionId, requestId, stored).map(toSendEffect) };
}

/** Of what was taken back without anybody knowing whether it had arrived: what has, and waits. */
export function takeBackArrived(state: ChatState, outbox: readonly PendingSend[]): ChatStep["effects"] {
  const waiting = findWaiting(state.messages, state.running?.turn ?? null);
  return outbox.flatMap((pending) => {
    const stored = pending.takenBack ? waiting.find((message) => isStoredAs(pending, message)) : undefined;
    return stored === undefined
      ? []
      : toTakeBackFrames(state.sessionId, pending.requestId, stored).map(toSendEffect);
  });
}
