/**
 * The admins' live socket: one object that every provider's health object and the selection writer push to, and
 * that fans out to whoever watches. It holds no truth: a new socket gets everything pulled afresh. Rules CB26, CB27, OP61, OP62, AU32.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import type { Bindings } from "../src/env.ts";
import { SelectionTail, type AdminLiveFrame, type CircuitDetail } from "../src/protocol/circuit.ts";
import { PING, PONG } from "../src/protocol/session-frame.ts";
import { readObjectPrincipal } from "../src/auth/principal.ts";
import type { SocketStanding } from "../src/auth/socket-standing.ts";
import { openWiring, type Wiring } from "../src/wiring.ts";
import { closeSilentSockets } from "./silent-sockets.ts";
import { VouchForSockets } from "./vouch-for-sockets.ts";

/** The one instance of this class. */
export const LIVE_CONSOLE_NAME = "global";
/** More watchers than a company has operators; a bound, not a plan. */
const MAX_SOCKETS = 200;

const SelectionTails = z.array(SelectionTail);

export class LiveConsole extends DurableObject<Bindings> {
  private readonly wiring: Wiring;
  private readonly vouching: VouchForSockets;
  private readonly standings = new WeakMap<WebSocket, SocketStanding>();
  /** Sockets whose first frame is still being put together, and what they are to be told after it. */
  private readonly waiting = new Map<WebSocket, AdminLiveFrame[]>();

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.wiring = openWiring(env);
    this.vouching = new VouchForSockets(env, this.wiring, "console");
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** The upgrade. The Worker has made sure that an admin asks. */
  override async fetch(request: Request): Promise<Response> {
    this.letGoOfSilent();
    if (this.ctx.getWebSockets().length >= MAX_SOCKETS) {
      return new Response("Too many consoles are open.", { status: 503 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.vouching.note(server, readObjectPrincipal(request.headers));
    // What happens while the circuits are read would come before them, or be missed: it is kept for after.
    const missed: AdminLiveFrame[] = [];
    this.waiting.set(server, missed);
    try {
      const known = await this.wiring.readCircuits();
      this.send(server, { type: "hello", ...known, serverTimeMs: this.wiring.clock.nowMs() });
      for (const frame of missed) this.send(server, frame);
    } finally {
      this.waiting.delete(server);
    }
    const headers = { "x-request-id": request.headers.get("x-request-id") ?? "" };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  async publishCircuit(detail: CircuitDetail): Promise<void> {
    this.letGoOfSilent();
    this.broadcast({ type: "circuit", detail, serverTimeMs: this.wiring.clock.nowMs() });
  }

  /** A JSON text of selections: between objects it costs a tenth of them, and mostly nobody is there to read it. */
  async publishSelections(text: string): Promise<void> {
    if (this.ctx.getWebSockets().length === 0) return;
    this.letGoOfSilent();
    for (const selection of SelectionTails.parse(JSON.parse(text))) {
      this.broadcast({ type: "selection", selection });
    }
  }

  /** Consoles only listen. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  /** What is told to a computer that is asleep piles up here, a card a second for each provider that is busy. */
  private letGoOfSilent(): void {
    closeSilentSockets(this.ctx, this.wiring.clock.nowMs());
  }

  private broadcast(frame: AdminLiveFrame): void {
    for (const socket of this.ctx.getWebSockets()) {
      const missed = this.waiting.get(socket);
      if (missed === undefined) this.send(socket, frame);
      else missed.push(frame);
    }
  }

  /** To who is an admin still; a socket that is going away pulls again when it reconnects. */
  private send(socket: WebSocket, frame: AdminLiveFrame): void {
    let standing = this.standings.get(socket);
    if (standing === undefined) {
      standing = this.vouching.open(socket);
      this.standings.set(socket, standing);
    }
    standing.send(JSON.stringify(frame));
  }
}
