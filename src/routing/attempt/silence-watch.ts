/**
 * Whether a provider that says nothing is there at all. Of an answer in one piece nothing is heard until it is there, so
 * no deadline tells one that works on it from one that hangs: the free check does. Once its body has begun, one that stalls
 * answers the check as well, and its bytes tell. Rules RT79, RT101.
 */
import type { Clock } from "../../base/clock.ts";
import type { FailurePhase, ProviderFailure, ProviderFailureKind } from "../../providers/failure.ts";
import type { Provider } from "../../providers/provider.ts";
import { PROBE_DEADLINES, type Deadlines } from "./deadlines.ts";
import { pingWithin } from "./ping-within.ts";

/** One answer that is lost proves nothing. */
const CHECKS_IN_A_ROW = 2;
/** Whatever else is answered, somebody is there. */
const NOBODY_THERE: ReadonlySet<ProviderFailureKind> = new Set(["timeout", "unreachable"]);

function toTimeout(phase: FailurePhase, message: string): ProviderFailure {
  return { kind: "timeout", phase, status: null, retryAfterMs: null, message };
}

export interface SilenceWatchDeps {
  readonly clock: Clock;
  readonly provider: Pick<Provider, "ping">;
  /** The first look is at the end of that for headers; each further one comes after twice as long: long answers cost few. */
  readonly deadlines: Pick<Deadlines, "headersMs" | "firstTokenMs" | "gapMs">;
  readonly onGone: (failure: ProviderFailure) => void;
}

export class SilenceWatch {
  private readonly deps: SilenceWatchDeps;
  private readonly startedMs: number;
  private cancelTimer: () => void = () => {};
  private check: AbortController | null = null;
  private isOver = false;
  private hasLooked = false;
  private lastByteMs = 0;
  /** How long there may be no further byte; null before the first one. */
  private byteLimitMs: number | null = null;

  constructor(deps: SilenceWatchDeps) {
    this.deps = deps;
    this.startedMs = deps.clock.nowMs();
    this.arm(deps.deadlines.headersMs);
  }

  stop(): void {
    this.isOver = true;
    this.cancelTimer();
    this.check?.abort();
  }

  /** Bytes only note the time, and the timer looks at it, as the watchdog's does. `isBlank`: it still thinks. */
  noteBytes(isBlank: boolean): void {
    const { gapMs, firstTokenMs } = this.deps.deadlines;
    const limitMs = isBlank ? Math.max(gapMs, firstTokenMs) : gapMs;
    this.lastByteMs = this.deps.clock.nowMs();
    if (limitMs === this.byteLimitMs || this.isOver) return;
    this.byteLimitMs = limitMs;
    // The first look is near, and looks at the note: nearly all answers are there before it, and cost one timer.
    if (!this.hasLooked) return;
    this.cancelTimer();
    this.check?.abort();
    this.awaitByte(limitMs);
  }

  private awaitByte(limitMs: number): void {
    const leftMs = this.lastByteMs + limitMs - this.deps.clock.nowMs();
    if (leftMs > 0) this.cancelTimer = this.deps.clock.startTimer(leftMs, () => this.awaitByte(limitMs));
    else this.deps.onGone(toTimeout("stream", `no further byte within ${limitMs} ms`));
  }

  private arm(afterMs: number): void {
    this.cancelTimer = this.deps.clock.startTimer(afterMs, () => void this.look(afterMs));
  }

  private async look(afterMs: number): Promise<void> {
    this.hasLooked = true;
    if (this.byteLimitMs !== null) return this.awaitByte(this.byteLimitMs);
    for (let count = 0; count < CHECKS_IN_A_ROW; count += 1) {
      const isThere = await this.isThere();
      if (this.isOver || this.byteLimitMs !== null) return;
      if (isThere) return this.arm(afterMs * 2);
    }
    const waitedMs = this.deps.clock.nowMs() - this.startedMs;
    this.deps.onGone(toTimeout("connect", `no answer within ${waitedMs} ms, nor to a check`));
  }

  private async isThere(): Promise<boolean> {
    const { clock, provider } = this.deps;
    this.check = new AbortController();
    const failure = await pingWithin(provider, clock, PROBE_DEADLINES.headersMs, this.check);
    return failure === null || !NOBODY_THERE.has(failure.kind);
  }
}
