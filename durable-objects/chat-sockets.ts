/** The sockets of a chat's object as its core sees them: and what is attached to each. Rules SE10, AU30. */
import { z } from "zod";
import type { ObjectPrincipal } from "../src/auth/principal.ts";
import type { SocketStanding } from "../src/auth/socket-standing.ts";
import type { ChatSocket } from "../src/session/turn/live-turn.ts";
import type { VouchForSockets } from "./vouch-for-sockets.ts";

/** PERSISTED with each socket: a woken object knows by it what it may send. */
const Attachment = z.object({ live: z.boolean() });

interface KnownSocket {
  readonly chatSocket: ChatSocket;
  readonly standing: SocketStanding;
  /** Until something that it has asked for is done; null while nothing is under way. */
  busy: Promise<void> | null;
}

export class ChatSockets {
  private readonly ctx: DurableObjectState;
  private readonly vouching: VouchForSockets;
  private readonly known = new Map<WebSocket, KnownSocket>();

  constructor(ctx: DurableObjectState, vouching: VouchForSockets) {
    this.ctx = ctx;
    this.vouching = vouching;
  }

  get count(): number {
    return this.ctx.getWebSockets().length;
  }

  list(): ChatSocket[] {
    return this.ctx.getWebSockets().map((socket) => this.find(socket));
  }

  accept(socket: WebSocket, live: boolean, opener: ObjectPrincipal): ChatSocket {
    this.ctx.acceptWebSocket(socket);
    socket.serializeAttachment({ live });
    this.vouching.note(socket, opener);
    return this.find(socket);
  }

  find(socket: WebSocket): ChatSocket {
    return this.open(socket).chatSocket;
  }

  /** Whether what came over it may be done; a promise where that must be asked first. */
  mayAct(socket: WebSocket): boolean | Promise<boolean> {
    return this.open(socket).standing.mayAct();
  }

  /** What a socket asks for is done in its order, also where something takes a while: a stop means what was asked before. */
  async inOrder(socket: WebSocket, work: () => Promise<void> | null): Promise<void> {
    const known = this.open(socket);
    while (known.busy !== null) await known.busy;
    const done = work();
    if (done === null) return;
    known.busy = Promise.allSettled([done]).then(() => {
      known.busy = null;
    });
    await done;
  }

  private open(socket: WebSocket): KnownSocket {
    let known = this.known.get(socket);
    if (known === undefined) {
      const attachment = Attachment.safeParse(socket.deserializeAttachment());
      const live = attachment.success && attachment.data.live;
      const standing = this.vouching.open(socket);
      const chatSocket: ChatSocket = {
        live,
        bringsWords: !live,
        send: (text) => standing.send(text),
        close: (code, reason) => socket.close(code, reason),
      };
      known = { chatSocket, standing, busy: null };
      this.known.set(socket, known);
    }
    return known;
  }

  forget(socket: WebSocket): void {
    this.known.delete(socket);
  }

  closeAll(code: number, reason: string): void {
    for (const socket of this.ctx.getWebSockets()) socket.close(code, reason);
  }
}
