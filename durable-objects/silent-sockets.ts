/** Which of an object's sockets nobody may be behind any more. Rules SE57, OP61. */

/** Pages send a ping every 25 s, at least once a minute in the background. */
const SILENT_FOR_MS = 150_000;
const CLOSE_SILENT = 4409;

/** A tab that was closed may leave its socket open: one that used to ping and does not any more is let go. */
export function closeSilentSockets(ctx: DurableObjectState, nowMs: number): void {
  for (const socket of ctx.getWebSockets()) {
    const pingedAt = ctx.getWebSocketAutoResponseTimestamp(socket);
    if (pingedAt !== null && nowMs - pingedAt.getTime() > SILENT_FOR_MS) {
      socket.close(CLOSE_SILENT, "Nothing was heard of this connection.");
    }
  }
}
