/** The sockets of a chat's object as its core sees them: what is attached to each, and which of them are dead. Rules SE10, SE57. */
import { z } from "zod";
import type { ChatSocket } from "../src/session/live-turn.ts";

/** PERSISTED with each socket: a woken object knows by it what it may send. */
const Attachment = z.object({ live: z.boolean() });

/** Pages send a ping every 25 s, at least once a minute in the background. */
const SILENT_FOR_MS = 150_000;
const CLOSE_SILENT = 4409;

export class ChatSockets {
  private readonly ctx: DurableObjectState;
  private readonly known = new Map<WebSocket, ChatSocket>();

  constructor(ctx: DurableObjectState) {
    this.ctx = ctx;
  }

  get count(): number {
    return this.ctx.getWebSockets().length;
  }

  list(): ChatSocket[] {
    return this.ctx.getWebSockets().map((socket) => this.find(socket));
  }

  accept(socket: WebSocket, live: boolean): ChatSocket {
    this.ctx.acceptWebSocket(socket);
    socket.serializeAttachment({ live });
    return this.find(socket);
  }

  find(socket: WebSocket): ChatSocket {
    let chatSocket = this.known.get(socket);
    if (chatSocket === undefined) {
      const attachment = Attachment.safeParse(socket.deserializeAttachment());
      const live = attachment.success && attachment.data.live;
      chatSocket = {
        live,
        bringsWords: !live,
        // A socket that is going away is caught up when its client resumes.
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: (code, reason) => socket.close(code, reason),
      };
      this.known.set(socket, chatSocket);
    }
    return chatSocket;
  }

  forget(socket: WebSocket): void {
    this.known.delete(socket);
  }

  closeAll(code: number, reason: string): void {
    for (const socket of this.ctx.getWebSockets()) socket.close(code, reason);
  }

  /** A tab that was closed may leave its socket open: one that used to ping and does not any more is let go. */
  closeSilent(nowMs: number): void {
    for (const socket of this.ctx.getWebSockets()) {
      const pingedAt = this.ctx.getWebSocketAutoResponseTimestamp(socket);
      if (pingedAt !== null && nowMs - pingedAt.getTime() > SILENT_FOR_MS) {
        socket.close(CLOSE_SILENT, "Nothing was heard of this connection.");
      }
    }
  }
}
