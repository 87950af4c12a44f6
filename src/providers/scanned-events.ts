/**
 * What a scanner has found out about an answer and not handed out yet. The same for every wire: an answer ends once, what
 * its provider said in its own words goes out in front of what it means. Rules PR53, PR54, HT170.
 */
import { UNKNOWN_USAGE, type FinishReason, type TokenUsage } from "../protocol/answer.ts";
import { toFailureMessage } from "./failure-message.ts";
import type { ProviderFailureKind } from "./failure.ts";
import type { ModelEvent } from "./provider.ts";

export class ScannedEvents {
  usage: TokenUsage = UNKNOWN_USAGE;
  private readonly secrets: readonly string[];
  private events: ModelEvent[] = [];
  /** Events of the wire that have shown nothing yet. */
  private unshownWire = "";
  private shown = false;
  private ended = false;
  private finished = false;

  constructor(secrets: readonly string[]) {
    this.secrets = secrets;
  }

  /** Something of the answer itself was handed out, or is about to be. */
  get hasShown(): boolean {
    return this.shown;
  }

  /** True once `finish` or `fail` was handed out or is about to be. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** True when that was, or will be, `finish`. */
  get hasFinished(): boolean {
    return this.finished;
  }

  /** What was found since the last time, as one batch. */
  take(): readonly ModelEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  /** Whole events of the wire, as they came; what they mean is shown next. */
  noteWire(text: string): void {
    this.unshownWire += text;
  }

  show(event: ModelEvent): void {
    this.shown = true;
    const isProse = event.type === "text-delta" || event.type === "reasoning-delta";
    this.passWire(isProse);
    this.events.push(event);
  }

  /** Hands out the wire's events that mean nothing to others. */
  passWire(isProse: boolean): void {
    if (this.unshownWire === "") return;
    this.events.push({ type: "wire", text: this.unshownWire, isProse });
    this.unshownWire = "";
  }

  /** `native` is what the wire ended with; null for a call in our words. */
  finish(finishReason: FinishReason, native: readonly Record<string, unknown>[] | null): void {
    if (this.ended) return;
    this.ended = true;
    this.finished = true;
    const { usage } = this;
    this.events.push({ type: "finish", finishReason, usage, ...(native === null ? {} : { native }) });
  }

  fail(kind: ProviderFailureKind, message: string): void {
    if (this.ended) return;
    this.ended = true;
    const phase = this.shown ? "stream" : "first-token";
    this.events.push({
      type: "fail",
      usage: this.usage,
      failure: {
        kind,
        phase,
        status: 200,
        retryAfterMs: null,
        message: toFailureMessage(message, this.secrets),
      },
    });
  }
}
