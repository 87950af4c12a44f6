/**
 * Sockets that do not say that what was sent has arrived: how long, and when they are let go, so that a stuck tab costs
 * a bounded amount of memory. Their clients come back and catch up. Rules SE55, SE56.
 */
import type { Clock } from "../../base/clock.ts";
import type { ChatSocket } from "../turn/live-turn.ts";

/** Long enough for a tunnel on a train. */
const STUCK_FOR_MS = 30_000;
/** For applications, in the range of RFC 6455. */
const CLOSE_TOO_SLOW = 4408;

export class SlowSockets {
  private readonly clock: Clock;
  private readonly onStuck: (socket: ChatSocket) => void;
  /** What cancels the end of each one's patience. */
  private readonly slow = new Map<ChatSocket, () => void>();

  constructor(clock: Clock, onStuck: (socket: ChatSocket) => void) {
    this.clock = clock;
    this.onStuck = onStuck;
  }

  /** These are full at this moment. */
  note(full: readonly ChatSocket[]): void {
    for (const socket of full) {
      if (this.slow.has(socket)) continue;
      this.slow.set(
        socket,
        this.clock.startTimer(STUCK_FOR_MS, () => this.letGo(socket)),
      );
    }
  }

  /** It owes us a word on what it was sent, and is sent nothing but what it needs until it says it. */
  isSlow(socket: ChatSocket): boolean {
    return this.slow.has(socket);
  }

  /** True when it was slow and is not any more. */
  noteArrival(socket: ChatSocket): boolean {
    this.slow.get(socket)?.();
    return this.slow.delete(socket);
  }

  forget(socket: ChatSocket): void {
    this.noteArrival(socket);
  }

  private letGo(socket: ChatSocket): void {
    this.slow.delete(socket);
    socket.close(CLOSE_TOO_SLOW, "This connection is too slow. Come back and catch up.");
    this.onStuck(socket);
  }
}
