/**
 * Watches one call's deadlines with one timer at a time: tokens only note the time, and the timer looks at the notes
 * when it fires, so that a fast stream does not pay for a timer per token. Rule RT25.
 */
import type { Clock } from "../../base/clock.ts";
import type { FailurePhase, ProviderFailure } from "../../providers/failure.ts";
import type { Deadlines } from "./deadlines.ts";

type Phase = "headers" | "first-token" | "gap";

const FAILURE_PHASE: Readonly<Record<Phase, FailurePhase>> = {
  headers: "connect",
  "first-token": "first-token",
  gap: "stream",
};

export class Watchdog {
  private readonly clock: Clock;
  private readonly deadlines: Deadlines;
  private readonly onExpire: (failure: ProviderFailure) => void;
  private readonly startedMs: number;
  private phase: Phase = "headers";
  private phaseStartedMs: number;
  /** It was last heard of without a word. */
  private isThinking = false;
  private readerAway = false;
  private cancelTimer: () => void = () => {};
  /** When the timer fires, epoch milliseconds. */
  private armedForMs = 0;

  constructor(clock: Clock, deadlines: Deadlines, onExpire: (failure: ProviderFailure) => void) {
    this.clock = clock;
    this.deadlines = deadlines;
    this.onExpire = onExpire;
    this.startedMs = clock.nowMs();
    this.phaseStartedMs = this.startedMs;
    this.arm();
  }

  noteHeaders(): void {
    this.phase = "first-token";
    this.phaseStartedMs = this.clock.nowMs();
    this.rearm();
  }

  /** The first token turns the first-token deadline into a gap deadline. */
  noteToken(): void {
    const isShorter = this.phase !== "gap" || this.isThinking;
    this.phase = "gap";
    this.isThinking = false;
    this.phaseStartedMs = this.clock.nowMs();
    if (isShorter) this.rearm();
  }

  /** A sign of life without a word: a model that thinks for itself may be silent for as long as before its first token. */
  noteLife(): void {
    this.isThinking = true;
    this.phaseStartedMs = this.clock.nowMs();
  }

  /** The reader has a batch and has not asked for the next: the time until it does is not the provider's. */
  noteReaderAway(): void {
    this.readerAway = true;
  }

  noteReaderBack(): void {
    this.readerAway = false;
    this.phaseStartedMs = this.clock.nowMs();
  }

  failurePhase(): FailurePhase {
    return FAILURE_PHASE[this.phase];
  }

  private toFailure(expired: Phase | "total"): ProviderFailure {
    const { headersMs, firstTokenMs, totalMs } = this.deadlines;
    const messages: Readonly<Record<Phase | "total", string>> = {
      headers: `no connection and headers within ${headersMs} ms`,
      "first-token": `no first token within ${firstTokenMs} ms`,
      gap: `no further token within ${this.gapLimitMs()} ms`,
      total: `no end within ${totalMs} ms`,
    };
    return {
      kind: "timeout",
      phase: this.failurePhase(),
      status: null,
      retryAfterMs: null,
      message: messages[expired],
    };
  }

  stop(): void {
    this.cancelTimer();
  }

  /** A timer that fires too early looks again; only one that would fire too late is set anew. */
  private rearm(): void {
    if (this.clock.nowMs() + this.phaseLimitMs() >= this.armedForMs) return;
    this.cancelTimer();
    this.arm();
  }

  private phaseLimitMs(): number {
    if (this.phase === "headers") return this.deadlines.headersMs;
    return this.phase === "first-token" ? this.deadlines.firstTokenMs : this.gapLimitMs();
  }

  private gapLimitMs(): number {
    const { gapMs, firstTokenMs } = this.deadlines;
    return this.isThinking ? Math.max(gapMs, firstTokenMs) : gapMs;
  }

  private arm(): void {
    const nowMs = this.clock.nowMs();
    const phaseStartedMs = this.readerAway ? nowMs : this.phaseStartedMs;
    const phaseLeftMs = phaseStartedMs + this.phaseLimitMs() - nowMs;
    const totalLeftMs = this.startedMs + this.deadlines.totalMs - nowMs;
    const leftMs = Math.min(phaseLeftMs, totalLeftMs);
    if (leftMs <= 0) {
      this.onExpire(this.toFailure(totalLeftMs <= 0 ? "total" : this.phase));
      return;
    }
    this.armedForMs = nowMs + leftMs;
    this.cancelTimer = this.clock.startTimer(leftMs, () => this.arm());
  }
}
