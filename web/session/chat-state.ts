/** What a page knows of one live chat, what can happen to it, and what must be done for it. Shapes only. */
import type {
  Branches,
  ChatSummary,
  LiveClientFrame,
  LiveServerFrame,
  StoredMessage,
} from "../../src/protocol/session-frame.ts";
import type { PendingFile, PendingSend } from "./pending-send.ts";
import type { RunningTurn } from "./running-turn.ts";

/** A message that is wanted in sight: it may have to be loaded first, or be on another branch. */
export interface Jump {
  readonly messageId: string;
  readonly createdAtMs: number;
  /** `switched`: on its branch by now, and still looking. */
  readonly phase: "looking" | "switching" | "switched" | "found" | "failed";
  /** Why it failed, for the reader; empty otherwise. */
  readonly errorText: string;
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
  /** The active path as far up as it is loaded, oldest first, without the answer that is running. */
  readonly messages: readonly StoredMessage[];
  /** There are messages above the first one. */
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  /** For messages with others beside them: all ids at their place. */
  readonly branches: Branches;
  readonly summary: ChatSummary | null;
  readonly running: RunningTurn | null;
  /** A question stands at the end of the path, and its turn begins with one of the next frames. */
  readonly expectsTurn: boolean;
  /** What this tab wants sent and the server has not confirmed, in order; also what it has refused. */
  readonly outbox: readonly PendingSend[];
  /** What the server would not do, in its words; null when there is nothing to say. */
  readonly notice: string | null;
  readonly jump: Jump | null;
}

interface Asked {
  readonly requestId: string;
  readonly messageId: string;
  readonly model: string;
}

export type ChatEvent =
  | { readonly type: "frame"; readonly frame: LiveServerFrame }
  | { readonly type: "socket-close"; readonly code: number; readonly online: boolean }
  | { readonly type: "network-change"; readonly online: boolean }
  /** `editedId`: the question that this one is an edited form of; null for one of its own. */
  | (Asked & {
      readonly type: "ask";
      readonly text: string;
      readonly files: readonly PendingFile[];
      readonly editedId: string | null;
    })
  | (Asked & { readonly type: "answer-again" })
  /** A question that waits is not wanted any more; `requestId` is a new one. */
  | { readonly type: "take-back"; readonly messageId: string; readonly requestId: string }
  /** A question that was refused is to be tried once more; `requestId` is a new one. */
  | { readonly type: "send-again"; readonly messageId: string; readonly requestId: string }
  | { readonly type: "stop" }
  | { readonly type: "decide-tool"; readonly approvalId: string; readonly approved: boolean }
  | { readonly type: "load-older" }
  | { readonly type: "select-branch"; readonly messageId: string }
  | { readonly type: "jump-to"; readonly messageId: string; readonly createdAtMs: number }
  | { readonly type: "jump-end" }
  | { readonly type: "notice-dismiss" };

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

/** `outbox` are questions that were typed before there was a socket: on the page before, or before a reload. */
export function newChatState(sessionId: string, outbox: readonly PendingSend[]): ChatState {
  return {
    sessionId,
    stage: "loading",
    connection: "connecting",
    title: "",
    presence: 0,
    messages: [],
    hasOlder: false,
    isLoadingOlder: false,
    branches: {},
    summary: null,
    running: null,
    expectsTurn: false,
    outbox,
    notice: null,
    jump: null,
  };
}

export const stay = (state: ChatState): ChatStep => ({ state, effects: [] });

export const toSendEffect = (frame: LiveClientFrame): ChatEffect => ({ type: "send-frame", frame });

/** One step after another; the effects in that order. */
export function andThen(step: ChatStep, next: (state: ChatState) => ChatStep): ChatStep {
  const { state, effects } = next(step.state);
  return { state, effects: [...step.effects, ...effects] };
}
