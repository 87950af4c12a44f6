/**
 * One chat's line to its object: frames of `breakwater.v1` as events in, effects of `applyChatEvent` out, the state
 * kept for React to subscribe to. The rules are in chat-view.ts; here is only what touches the browser.
 */
import { LIVE_SUBPROTOCOL, LiveServerFrame } from "../../src/protocol/session-frame.ts";
import { openLiveSocket, parseFrame } from "../ui/live-socket.ts";
import type { LiveSocket } from "../ui/live-socket.ts";
import { countArrival } from "./ack-meter.ts";
import type { AckMeter } from "./ack-meter.ts";
import { EMPTY_ANSWER } from "./answer-part.ts";
import type { StreamedAnswer } from "./answer-part.ts";
import { newChatState } from "./chat-state.ts";
import type { ChatEvent, ChatState } from "./chat-state.ts";
import { applyChatEvent } from "./chat-view.ts";
import { readOutbox, saveOutbox } from "./outbox.ts";
import { settle } from "./settled-chat.ts";
import type { SettledChat } from "./settled-chat.ts";

/** Frames come far faster than a screen can show them; a hidden page is told this often. */
const HIDDEN_NOTIFY_MS = 250;

export interface ChatStore {
  /** The chat without what changes with every chunk: the same object until something else happens. */
  readonly readSettled: () => SettledChat;
  /** The answer of the running turn as far as it has come. */
  readonly readAnswer: () => StreamedAnswer;
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

interface Line {
  readonly send: (frame: object) => void;
  readonly socket: LiveSocket;
}

/** The socket of a chat; what it hears becomes events, and the server is told what has arrived. */
function openChatLine(sessionId: string, dispatch: (event: ChatEvent) => void, onRefused: () => void): Line {
  let meter: AckMeter = {};
  const socket = openLiveSocket(
    `/api/v1/sessions/${encodeURIComponent(sessionId)}/socket`,
    [LIVE_SUBPROTOCOL],
    {
      onText(text) {
        const frame = parseFrame(LiveServerFrame, text);
        // A frame of a newer server that this page cannot read is passed over: the stored message follows anyway.
        if (frame === null) return;
        dispatch({ type: "frame", frame });
        const arrival = countArrival(meter, frame, text.length);
        meter = arrival.meter;
        if (arrival.ack !== null) send(arrival.ack);
      },
      onClose(code, hadMessages) {
        meter = {};
        dispatch({ type: "socket-close", code, online: navigator.onLine });
        if (!hadMessages) onRefused();
      },
      onNetworkChange: (online) => dispatch({ type: "network-change", online }),
    },
  );
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  return { send, socket };
}

/**
 * The state of one chat. `checkAccess` says by REST why a socket may have been refused, since a browser hides the
 * status of a failed upgrade: the close code that would have said it, or null when nothing is wrong.
 */
export function openChat(sessionId: string, checkAccess: () => Promise<number | null>): ChatStore {
  let state: ChatState = newChatState(sessionId, readOutbox(sessionStorage, sessionId));
  let settled = settle(state, null);
  let line: Line | null = null;
  let isChecking = false;
  const listeners = new Set<() => void>();
  const notify = perFrame(() => listeners.forEach((listener) => listener()));

  function dispatch(event: ChatEvent): void {
    const step = applyChatEvent(state, event);
    if (step.state.outbox !== state.outbox) saveOutbox(sessionStorage, sessionId, step.state.outbox);
    state = step.state;
    settled = settle(state, settled);
    for (const effect of step.effects) {
      if (effect.type === "send-frame") line?.send(effect.frame);
      else if (effect.type === "reconnect") line?.socket.restart();
      else line?.socket.close();
    }
    notify();
  }

  async function checkRefusal(): Promise<void> {
    if (isChecking || !navigator.onLine) return;
    isChecking = true;
    const code = await checkAccess();
    isChecking = false;
    if (code !== null && line !== null) dispatch({ type: "socket-close", code, online: true });
  }

  return {
    readSettled: () => settled,
    readAnswer: () => state.running?.answer ?? EMPTY_ANSWER,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch,
    connect() {
      const opened = openChatLine(sessionId, dispatch, () => void checkRefusal());
      line = opened;
      return () => {
        line = null;
        opened.socket.close();
      };
    },
  };
}
