/** A client's socket of the session bench: opened with a limit of time, closed with a reason that is not lost. */

const OPEN_LIMIT_MS = 20_000;

export interface LineListener {
  readonly onText?: (text: string) => void;
  readonly onBytes?: (bytes: ArrayBuffer) => void;
  /** Not called after `close`. */
  readonly onLost: (why: string) => void;
}

export interface SocketLine {
  readonly send: (text: string) => void;
  readonly close: () => void;
}

/** `url` is an HTTP address. */
export async function openLine(
  url: string,
  protocols: readonly string[],
  listener: LineListener,
): Promise<SocketLine> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), [...protocols]);
  socket.binaryType = "arraybuffer";
  let isClosing = false;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no socket within ${OPEN_LIMIT_MS} ms`)), OPEN_LIMIT_MS);
  socket.addEventListener("open", () => resolve());
  socket.addEventListener("close", ({ code, reason }) => {
    reject(new Error(`the socket was refused: ${code} ${reason}`));
    if (!isClosing) listener.onLost(`the socket closed with ${code} ${reason}`);
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === "string") listener.onText?.(data);
    else listener.onBytes?.(data);
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
  return {
    send: (text) => socket.send(text),
    close: () => {
      isClosing = true;
      socket.close();
    },
  };
}
