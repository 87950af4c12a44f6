/**
 * One WebSocket of the simulated chat: two lines that take time and keep their order, ends that learn late that the
 * other is gone, and a count of what a live client has not acknowledged yet.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import { AckFrame, MAX_UNACKNOWLEDGED_BYTES } from "../../../src/protocol/session-frame.ts";
import { between } from "./chance.ts";

export const CLOSE_LOST = 1006;

/** What the client's end is told. */
export interface ClientEnd {
  onOpen(): void;
  onText(text: string): void;
  onClose(code: number): void;
}

/** What the object's end is told. */
export interface ObjectEnd {
  accept(socket: SimSocket): void;
  receive(socket: SimSocket, text: string): void;
  forget(socket: SimSocket): void;
}

export interface SimSocketDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly live: boolean;
  readonly latencyMs: number;
  readonly client: ClientEnd;
  readonly object: ObjectEnd;
  readonly onBug: (bug: string) => void;
}

type ToClient =
  | { readonly type: "open" }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "close"; readonly code: number };
type ToObject =
  { readonly type: "open" } | { readonly type: "text"; readonly text: string } | { readonly type: "close" };

/** Between the last word that arrives and the end that notices the silence. */
const CLIENT_NOTICES_WITHIN_MS = 4_000;
const OBJECT_NOTICES_WITHIN_MS = 45_000;

export class SimSocket {
  readonly live: boolean;
  private readonly deps: SimSocketDeps;
  private readonly toClient: Line<ToClient>;
  private readonly toObject: Line<ToObject>;
  private isOpenForObject = false;
  private isOpenForClient = true;
  /** What is on its way and not acknowledged, by request. */
  private readonly onTheirWay = new Map<string, { readonly sequence: number; readonly size: number }[]>();

  constructor(deps: SimSocketDeps) {
    this.deps = deps;
    this.live = deps.live;
    const { clock, random, latencyMs } = deps;
    const drawLatencyMs = (): number => Math.round(latencyMs * (0.7 + 0.6 * random()));
    this.toClient = new Line(clock, drawLatencyMs, (item) => this.arriveAtClient(item));
    this.toObject = new Line(clock, drawLatencyMs, (item) => this.arriveAtObject(item));
    this.toObject.push({ type: "open" });
  }

  /** The object's end is open. */
  get isOpen(): boolean {
    return this.isOpenForObject;
  }

  sendToClient(text: string): void {
    if (!this.isOpenForObject) return;
    if (this.live) this.count(text);
    this.toClient.push({ type: "text", text });
  }

  /** The object ends it; whatever was said before arrives first. */
  closeByObject(code: number): void {
    if (!this.isOpenForObject) return;
    this.isOpenForObject = false;
    this.toClient.push({ type: "close", code });
    const { clock, object, latencyMs } = this.deps;
    // The object hears of its end when the client has answered.
    clock.startTimer(2 * latencyMs, () => object.forget(this));
  }

  sendToObject(text: string): void {
    if (this.isOpenForClient) this.toObject.push({ type: "text", text });
  }

  closeByClient(): void {
    if (!this.isOpenForClient) return;
    this.isOpenForClient = false;
    this.toClient.cut(0);
    this.toObject.push({ type: "close" });
  }

  /** The object is gone with its machine: some of what was under way still arrives. */
  die(): void {
    this.isOpenForObject = false;
    this.toObject.cut(0);
    this.toClient.cut(between(this.deps.random, 0, this.toClient.length + 1));
    this.toClient.push({ type: "close", code: CLOSE_LOST });
  }

  /** The way between them breaks: each end finds out by itself, the object sometimes late. */
  breakLine(): void {
    const { clock, random } = this.deps;
    this.toClient.cut(between(random, 0, this.toClient.length + 1));
    this.toObject.cut(between(random, 0, this.toObject.length + 1));
    this.toClient.stopTaking();
    this.toObject.stopTaking();
    clock.startTimer(between(random, 20, CLIENT_NOTICES_WITHIN_MS), () => this.loseAtClient());
    clock.startTimer(between(random, 20, OBJECT_NOTICES_WITHIN_MS), () => this.loseAtObject());
  }

  private arriveAtClient(item: ToClient): void {
    if (!this.isOpenForClient) return;
    const { client } = this.deps;
    if (item.type === "open") return client.onOpen();
    if (item.type === "text") return client.onText(item.text);
    this.isOpenForClient = false;
    client.onClose(item.code);
  }

  private arriveAtObject(item: ToObject): void {
    const { object } = this.deps;
    if (item.type === "open") {
      this.isOpenForObject = true;
      this.toClient.push({ type: "open" });
      object.accept(this);
      return;
    }
    if (!this.isOpenForObject) return;
    if (item.type === "close") return this.loseAtObject();
    if (this.live && item.text.startsWith('{"type":"ack"')) this.acknowledge(item.text);
    object.receive(this, item.text);
  }

  private loseAtClient(): void {
    if (!this.isOpenForClient) return;
    this.isOpenForClient = false;
    this.deps.client.onClose(CLOSE_LOST);
  }

  private loseAtObject(): void {
    if (!this.isOpenForObject) return;
    this.isOpenForObject = false;
    this.deps.object.forget(this);
  }

  /** SM36: of each answer what is on its way is the limit at most, and one frame more. */
  private count(text: string): void {
    const chunk = /^\{"type":"chunk","requestId":"([^"]*)","sequence":(\d+)/.exec(text);
    if (chunk === null) return;
    const [, requestId = "", sequence = "0"] = chunk;
    const frames = this.onTheirWay.get(requestId) ?? [];
    const size = frames.reduce((sum, frame) => sum + frame.size, 0);
    if (size >= MAX_UNACKNOWLEDGED_BYTES) {
      this.deps.onBug(
        `[SM36] chunk ${sequence} of ${requestId} was sent on top of ${size} that nobody has acknowledged`,
      );
    }
    this.onTheirWay.set(requestId, [...frames, { sequence: Number(sequence), size: text.length }]);
  }

  private acknowledge(text: string): void {
    const ack = AckFrame.parse(JSON.parse(text));
    const frames = this.onTheirWay.get(ack.requestId) ?? [];
    this.onTheirWay.set(
      ack.requestId,
      frames.filter(({ sequence }) => sequence > ack.sequence),
    );
  }
}

/** One direction: first in, first out, each a moment later. */
class Line<Item> {
  private readonly clock: Clock;
  private readonly drawLatencyMs: () => number;
  private readonly deliver: (item: Item) => void;
  private items: { readonly item: Item; readonly atMs: number }[] = [];
  private pushedAtMs = -1;
  private lastAtMs = 0;
  private isTaking = true;
  private isWaiting = false;

  constructor(clock: Clock, drawLatencyMs: () => number, deliver: (item: Item) => void) {
    this.clock = clock;
    this.drawLatencyMs = drawLatencyMs;
    this.deliver = deliver;
  }

  get length(): number {
    return this.items.length;
  }

  push(item: Item): void {
    if (!this.isTaking) return;
    const nowMs = this.clock.nowMs();
    // What is said in one moment travels together.
    const last = this.items.at(-1);
    const atMs = last !== undefined && this.pushedAtMs === nowMs ? last.atMs : nowMs + this.drawLatencyMs();
    this.pushedAtMs = nowMs;
    this.lastAtMs = Math.max(this.lastAtMs, atMs);
    this.items.push({ item, atMs: this.lastAtMs });
    this.wait();
  }

  /** The first so many still arrive. */
  cut(count: number): void {
    this.items = this.items.slice(0, count);
  }

  stopTaking(): void {
    this.isTaking = false;
  }

  private wait(): void {
    const [first] = this.items;
    if (this.isWaiting || first === undefined) return;
    this.isWaiting = true;
    this.clock.startTimer(first.atMs - this.clock.nowMs(), () => {
      this.isWaiting = false;
      this.arrive();
      this.wait();
    });
  }

  private arrive(): void {
    for (;;) {
      const [first] = this.items;
      if (first === undefined || first.atMs > this.clock.nowMs()) return;
      this.items.shift();
      this.deliver(first.item);
    }
  }
}
