/** A chat for React: its state, and what the reader can do with it. */
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { checkSessionAccess } from "../api.ts";
import type { ChatState } from "./chat-view.ts";
import { openChat } from "./transport.ts";

/** The same functions for as long as the chat is the same. */
export interface ChatActions {
  /** Asks a question; it waits for the socket when there is none. */
  readonly ask: (text: string, model: string) => void;
  /** Asks for another answer in place of the message with that id. */
  readonly answerAgain: (messageId: string, model: string) => void;
  readonly stop: () => void;
  readonly dismissRefusal: () => void;
}

/** Opens the chat with that id for as long as the component is there. */
export function useChatSession(sessionId: string): {
  readonly state: ChatState;
  readonly actions: ChatActions;
} {
  const store = useMemo(() => openChat(sessionId, () => checkSessionAccess(sessionId)), [sessionId]);
  useEffect(() => store.connect(), [store]);
  const state = useSyncExternalStore(store.subscribe, store.read);
  const actions = useMemo<ChatActions>(
    () => ({
      ask: (text, model) =>
        store.dispatch({
          type: "ask",
          requestId: crypto.randomUUID(),
          messageId: crypto.randomUUID(),
          text,
          model,
        }),
      answerAgain: (messageId, model) =>
        store.dispatch({ type: "answer-again", requestId: crypto.randomUUID(), messageId, model }),
      stop: () => store.dispatch({ type: "stop" }),
      dismissRefusal: () => store.dispatch({ type: "refusal-dismiss" }),
    }),
    [store],
  );
  return { state, actions };
}
