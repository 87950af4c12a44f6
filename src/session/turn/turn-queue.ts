/**
 * The turns of a chat that have not ended, oldest first, and who waits for those that have not begun. Rows and memory
 * change together, so that no turn costs a search through all that ever were. Rules SE20, SE41, SE116.
 */
import type { CallSettings } from "../../protocol/call-settings.ts";
import { MAX_IDS_PER_SOCKET } from "../log/followers.ts";
import type { ChatSocket } from "./live-turn.ts";
import type { NewTurn, TurnRow } from "../rows.ts";
import { sendFrame } from "../frames/send-frame.ts";
import type { SessionStore } from "../store/session-store.ts";

export interface Waiting {
  readonly requestId: string;
  readonly socket: ChatSocket;
}

type TurnChange = Parameters<SessionStore["updateTurn"]>[1];

export class TurnQueue {
  private readonly store: SessionStore;
  private turns: readonly TurnRow[];
  private waiting = new Map<number, readonly Waiting[]>();

  constructor(store: SessionStore) {
    this.store = store;
    this.turns = store.readOpenTurns();
  }

  get open(): readonly TurnRow[] {
    return this.turns;
  }

  /** Turns that were begun behind the oldest open one, ended or not. */
  countBehind(): number {
    const [oldest] = this.turns;
    if (oldest === undefined) return 0;
    return (this.store.readLastTurn()?.position ?? oldest.position) - oldest.position;
  }

  findQueued(): TurnRow | undefined {
    return this.turns.find((turn) => turn.status === "queued");
  }

  listRunning(): TurnRow[] {
    return this.turns.filter((turn) => turn.status === "running");
  }

  add(turn: NewTurn, settings: CallSettings | null = null): TurnRow {
    const row = this.store.createTurn(turn, settings);
    this.turns = [...this.turns, row];
    return row;
  }

  change(turn: TurnRow, change: TurnChange): TurnRow {
    this.store.updateTurn(turn.position, change);
    const next = { ...turn, ...change };
    this.turns = this.turns.map((open) => (open.position === turn.position ? next : open));
    return next;
  }

  /** The turn has ended and is stored as such. */
  remove(turn: TurnRow): void {
    this.turns = this.turns.filter(({ position }) => position !== turn.position);
    this.waiting.delete(turn.position);
  }

  /** Under at most so many ids for each socket, as those that follow (followers.ts): the oldest of too many ends. */
  wait(turn: TurnRow, requestId: string, socket: ChatSocket): void {
    let waiting = this.listWaiting(turn);
    const own = waiting.filter((each) => each.socket === socket);
    if (own.some((each) => each.requestId === requestId)) return;
    const [oldest] = own;
    if (oldest !== undefined && own.length >= MAX_IDS_PER_SOCKET) {
      waiting = waiting.filter((each) => each !== oldest);
      sendFrame(socket, { type: "end", requestId: oldest.requestId });
    }
    this.waiting.set(turn.position, [...waiting, { requestId, socket }]);
  }

  listWaiting(turn: TurnRow): readonly Waiting[] {
    return this.waiting.get(turn.position) ?? [];
  }

  forgetSocket(socket: ChatSocket): void {
    for (const [position, waiting] of this.waiting) {
      this.waiting.set(
        position,
        waiting.filter((each) => each.socket !== socket),
      );
    }
  }
}
