/**
 * A socket that comes back: partysocket with our timing, a heartbeat that notices a dead line, and a fresh start
 * when the network or the page returns. It knows nothing of chats or circuits: text goes in and out.
 */
import ReconnectingWebSocket from "partysocket/ws";
import type { z } from "zod";
import { PING, PONG } from "../../src/protocol/session-frame.ts";

/** The library's own delays start at seconds; a reader notices half a second. */
const RECONNECT = {
  minReconnectionDelay: 300,
  maxReconnectionDelay: 5_000,
  reconnectionDelayGrowFactor: 1.6,
  minUptime: 2_000,
  connectionTimeout: 5_000,
  // What must not be lost is kept by the caller, which knows what may be sent again.
  maxEnqueuedMessages: 0,
} as const;
const PING_EVERY_MS = 25_000;
/** A line that is silent this long after a ping is dead, whatever the browser says. */
const PONG_WITHIN_MS = 5_000;

export interface LiveSocketHandlers {
  readonly onText: (text: string) => void;
  /** `hadMessages` is false when the socket closed before it said anything: it may have been refused. */
  readonly onClose: (code: number, hadMessages: boolean) => void;
  readonly onNetworkChange: (online: boolean) => void;
}

export interface LiveSocket {
  /** Sends when the line is open and drops it when it is not. */
  send(text: string): void;
  /** Closes this line and opens another one at once. */
  restart(): void;
  close(): void;
}

/**
 * A frame of that shape, or null. A page that is older than the server may meet frames it cannot read: they are
 * passed over, and the browser's console says which field was in the way.
 */
export function parseFrame<Shape extends z.ZodType>(shape: Shape, text: string): z.infer<Shape> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const frame = shape.safeParse(value);
  if (frame.success) return frame.data;
  console.warn("a frame could not be read", frame.error.issues.slice(0, 3));
  return null;
}

interface Line {
  readonly socket: ReconnectingWebSocket;
  /** Detaches the handlers, then closes. */
  readonly end: () => void;
}

function openLine(url: string, protocols: string[], handlers: LiveSocketHandlers, hear: () => void): Line {
  const socket = new ReconnectingWebSocket(url, protocols, RECONNECT);
  let hadMessages = false;
  const onMessage = (event: MessageEvent): void => {
    hear();
    hadMessages = true;
    if (typeof event.data === "string" && event.data !== PONG) handlers.onText(event.data);
  };
  const onClose = (event: CloseEvent): void => {
    hear();
    handlers.onClose(event.code, hadMessages);
    hadMessages = false;
  };
  socket.addEventListener("message", onMessage);
  socket.addEventListener("close", onClose);
  return {
    socket,
    end() {
      socket.removeEventListener("message", onMessage);
      socket.removeEventListener("close", onClose);
      socket.close();
    },
  };
}

/** Opens a socket to a path of this origin and keeps it open until `close`. */
export function openLiveSocket(path: string, protocols: string[], handlers: LiveSocketHandlers): LiveSocket {
  const url = `${location.origin.replace(/^http/, "ws")}${path}`;
  const listeners = new AbortController();
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const hear = (): void => {
    clearTimeout(pongTimer);
    pongTimer = undefined;
  };
  let line = openLine(url, protocols, handlers, hear);
  let closed = false;

  /** A new object, since the library's own `reconnect` waits out the delay that is already running. */
  function restart(): void {
    if (closed) return;
    hear();
    line.end();
    line = openLine(url, protocols, handlers, hear);
  }
  function ping(): void {
    if (line.socket.readyState !== WebSocket.OPEN || pongTimer !== undefined) return;
    line.socket.send(PING);
    pongTimer = setTimeout(() => {
      handlers.onClose(1006, true);
      restart();
    }, PONG_WITHIN_MS);
  }
  function lookAgain(): void {
    if (line.socket.readyState === WebSocket.OPEN) ping();
    else if (line.socket.readyState !== WebSocket.CONNECTING) restart();
  }
  function onNetworkChange(online: boolean): void {
    handlers.onNetworkChange(online);
    if (online) lookAgain();
    else ping();
  }
  const { signal } = listeners;
  addEventListener("online", () => onNetworkChange(true), { signal });
  addEventListener("offline", () => onNetworkChange(false), { signal });
  const onVisible = (): void => (document.visibilityState === "visible" ? lookAgain() : undefined);
  document.addEventListener("visibilitychange", onVisible, { signal });
  const heartbeat = setInterval(ping, PING_EVERY_MS);

  return {
    send(text) {
      if (line.socket.readyState === WebSocket.OPEN) line.socket.send(text);
    },
    restart,
    close() {
      closed = true;
      listeners.abort();
      clearInterval(heartbeat);
      hear();
      line.end();
    },
  };
}
