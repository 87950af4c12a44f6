/** A chat for React: its state, and what the reader can do with it. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { checkSessionAccess } from "../api.ts";
import { EMPTY_ANSWER } from "./answer-part.ts";
import type { StreamedAnswer } from "./answer-part.ts";
import type { PendingFile } from "./pending-send.ts";
import type { SettledChat } from "./settled-chat.ts";
import { openChat } from "./transport.ts";
import type { ChatStore } from "./transport.ts";

/** The same functions for as long as the chat is the same. */
export interface ChatActions {
  /** Asks a question; it waits for the socket when there is none, and for its turn while another is answered. */
  readonly ask: (text: string, files: readonly PendingFile[], model: string) => void;
  /** Asks it in place of the question with that id, as a branch beside it. */
  readonly edit: (editedId: string, text: string, files: readonly PendingFile[], model: string) => void;
  /** Asks for another answer in place of the message with that id. */
  readonly answerAgain: (messageId: string, model: string) => void;
  readonly takeBack: (messageId: string) => void;
  readonly sendAgain: (messageId: string) => void;
  readonly stop: () => void;
  readonly decideTool: (approvalId: string, approved: boolean) => void;
  readonly loadOlder: () => void;
  readonly selectBranch: (messageId: string) => void;
  readonly jumpTo: (messageId: string, createdAtMs: number) => void;
  readonly endJump: () => void;
  readonly dismissNotice: () => void;
}

function toActions({ dispatch }: ChatStore): ChatActions {
  const newId = (): string => crypto.randomUUID();
  const ask = (editedId: string | null, text: string, files: readonly PendingFile[], model: string): void =>
    dispatch({ type: "ask", requestId: newId(), messageId: newId(), text, files, model, editedId });
  return {
    ask: (text, files, model) => ask(null, text, files, model),
    edit: ask,
    answerAgain: (messageId, model) =>
      dispatch({ type: "answer-again", requestId: newId(), messageId, model }),
    takeBack: (messageId) => dispatch({ type: "take-back", messageId, requestId: newId() }),
    sendAgain: (messageId) => dispatch({ type: "send-again", messageId, requestId: newId() }),
    stop: () => dispatch({ type: "stop" }),
    decideTool: (approvalId, approved) => dispatch({ type: "decide-tool", approvalId, approved }),
    loadOlder: () => dispatch({ type: "load-older" }),
    selectBranch: (messageId) => dispatch({ type: "select-branch", messageId }),
    jumpTo: (messageId, createdAtMs) => dispatch({ type: "jump-to", messageId, createdAtMs }),
    endJump: () => dispatch({ type: "jump-end" }),
    dismissNotice: () => dispatch({ type: "notice-dismiss" }),
  };
}

/** Opens the chat with that id for as long as the component is there. */
export function useChatSession(sessionId: string): {
  readonly chat: SettledChat;
  readonly store: ChatStore;
  readonly actions: ChatActions;
} {
  const store = useMemo(() => openChat(sessionId, () => checkSessionAccess(sessionId)), [sessionId]);
  useEffect(() => store.connect(), [store]);
  const chat = useSyncExternalStore(store.subscribe, store.readSettled);
  const actions = useMemo(() => toActions(store), [store]);
  return { chat, store, actions };
}

const readNothing = (): StreamedAnswer => EMPTY_ANSWER;

/** The answer that is being written, drawn again with every frame that brings more of it; for others nothing. */
export function useStreamedAnswer(store: ChatStore, isRunning: boolean): StreamedAnswer {
  return useSyncExternalStore(store.subscribe, isRunning ? store.readAnswer : readNothing);
}
