/**
 * One chat's line to its object: frames of `breakwater.v1` as events in, effects of `applyChatEvent` out, the state
 * kept for React to subscribe to. The rules are in chat-view.ts; here is only what touches the browser.
 */
import { LIVE_SUBPROTOCOL, LiveServerFrame } from "../../src/protocol/session-frame.ts";
import { openLiveSocket, parseFrame } from "../ui/live-socket.ts";
import type { LiveSocket } from "../ui/live-socket.ts";
import { applyChatEvent, newChatState } from "./chat-view.ts";
import type { ChatEvent, ChatState } from "./chat-view.ts";
import { readOutbox, saveOutbox } from "./outbox.ts";

/** Frames come far faster than a screen can show them; a hidden page is told this often. */
const HIDDEN_NOTIFY_MS = 250;

export interface ChatStore {
  readonly read: () => ChatState;
  readonly subscribe: (listener: () => void) => () => void;
  readonly dispatch: (event: ChatEvent) => void;
  /** Opens the socket; the returned function closes it. */
  readonly connect: () => () => void;
}

/** Calls `notify` once per painted frame, however often it is asked. */
function perFrame(notify: () => void): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    const run = (): void => {
      isAsked = false;
      notify();
    };
    if (document.visibilityState === "visible") requestAnimationFrame(run);
    else setTimeout(run, HIDDEN_NOTIFY_MS);
  };
}

/**
 * The state of one chat. `checkAccess` says by REST why a socket may have been refused, since a browser hides the
 * status of a failed upgrade: the close code that would have said it, or null when nothing is wrong.
 */
export function openChat(sessionId: string, checkAccess: () => Promise<number | null>): ChatStore {
  let state = newChatState(sessionId, readOutbox(sessionStorage, sessionId));
  let socket: LiveSocket | null = null;
  let isChecking = false;
  const listeners = new Set<() => void>();
  const notify = perFrame(() => listeners.forEach((listener) => listener()));

  function dispatch(event: ChatEvent): void {
    const step = applyChatEvent(state, event);
    if (step.state.pending !== state.pending) saveOutbox(sessionStorage, sessionId, step.state.pending);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === "send-frame") socket?.send(JSON.stringify(effect.frame));
      else if (effect.type === "reconnect") socket?.restart();
      else socket?.close();
    }
    notify();
  }

  async function checkRefusal(): Promise<void> {
    if (isChecking || !navigator.onLine) return;
    isChecking = true;
    const code = await checkAccess();
    isChecking = false;
    if (code !== null && socket !== null) dispatch({ type: "socket-close", code, online: true });
  }

  return {
    read: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch,
    connect() {
      const opened = openLiveSocket(
        `/api/v1/sessions/${encodeURIComponent(sessionId)}/socket`,
        [LIVE_SUBPROTOCOL],
        {
          onText(text) {
            const frame = parseFrame(LiveServerFrame, text);
            // A frame of a newer server that this page cannot read is passed over: the stored message follows anyway.
            if (frame !== null) dispatch({ type: "frame", frame });
          },
          onClose(code, hadMessages) {
            dispatch({ type: "socket-close", code, online: navigator.onLine });
            if (!hadMessages) void checkRefusal();
          },
          onNetworkChange: (online) => dispatch({ type: "network-change", online }),
        },
      );
      socket = opened;
      return () => {
        socket = null;
        opened.close();
      };
    },
  };
}
