/**
 * One provider call under deadlines. Passes the adapter's batches on and turns an expired deadline into a
 * `timeout` failure; keeps no state beyond the call. Rules RT25 to RT27.
 */
import type { Clock } from "../base/clock.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../protocol/answer.ts";
import { toThrownMessage } from "../providers/failure-message.ts";
import type { FailurePhase, ProviderFailure } from "../providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../providers/provider.ts";
import type { Deadlines } from "./deadlines.ts";

type Phase = "headers" | "first-token" | "gap";

const FAILURE_PHASE: Readonly<Record<Phase, FailurePhase>> = {
  headers: "connect",
  "first-token": "first-token",
  gap: "stream",
};

/**
 * A watchdog with one timer at a time: tokens only note the time, and the timer looks at the notes when it fires,
 * so that a fast stream does not pay for a timer per token.
 */
class Watchdog {
  expired: Phase | "total" | null = null;
  private readonly clock: Clock;
  private readonly deadlines: Deadlines;
  private readonly onExpire: () => void;
  private readonly startedMs: number;
  private phase: Phase = "headers";
  private phaseStartedMs: number;
  private readerAway = false;
  private cancelTimer: () => void = () => {};

  constructor(clock: Clock, deadlines: Deadlines, onExpire: () => void) {
    this.clock = clock;
    this.deadlines = deadlines;
    this.onExpire = onExpire;
    this.startedMs = clock.nowMs();
    this.phaseStartedMs = this.startedMs;
    this.arm();
  }

  enter(phase: Phase): void {
    this.phase = phase;
    this.phaseStartedMs = this.clock.nowMs();
    if (phase !== "gap") this.rearm();
  }

  /** The first token turns the first-token deadline into a gap deadline. */
  noteToken(): void {
    const first = this.phase !== "gap";
    this.phase = "gap";
    this.phaseStartedMs = this.clock.nowMs();
    if (first) this.rearm();
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

  stop(): void {
    this.cancelTimer();
  }

  private rearm(): void {
    this.cancelTimer();
    this.arm();
  }

  private phaseLimitMs(): number {
    if (this.phase === "headers") return this.deadlines.headersMs;
    return this.phase === "first-token" ? this.deadlines.firstTokenMs : this.deadlines.gapMs;
  }

  private arm(): void {
    const nowMs = this.clock.nowMs();
    const phaseStartedMs = this.readerAway ? nowMs : this.phaseStartedMs;
    const phaseLeftMs = phaseStartedMs + this.phaseLimitMs() - nowMs;
    const totalLeftMs = this.startedMs + this.deadlines.totalMs - nowMs;
    const leftMs = Math.min(phaseLeftMs, totalLeftMs);
    if (leftMs <= 0) {
      this.expired = totalLeftMs <= 0 ? "total" : this.phase;
      this.onExpire();
      return;
    }
    this.cancelTimer = this.clock.startTimer(leftMs, () => this.arm());
  }
}

function timeoutFailure(watchdog: Watchdog, deadlines: Deadlines): ProviderFailure {
  const limits: Record<Phase | "total", number> = {
    headers: deadlines.headersMs,
    "first-token": deadlines.firstTokenMs,
    gap: deadlines.gapMs,
    total: deadlines.totalMs,
  };
  const which = watchdog.expired ?? "total";
  return {
    kind: "timeout",
    phase: watchdog.failurePhase(),
    status: null,
    retryAfterMs: null,
    message: `no ${which === "gap" ? "further token" : which} within ${limits[which]} ms`,
  };
}

/** Our own stop and our own deadline come first: an adapter may take either for a fault of the connection. */
function judgeFailure(
  given: ProviderFailure,
  watchdog: Watchdog,
  deadlines: Deadlines,
  signal: AbortSignal,
): ProviderFailure {
  if (signal.aborted) return { ...given, kind: "cancelled", retryAfterMs: null };
  return watchdog.expired === null ? given : timeoutFailure(watchdog, deadlines);
}

function brokenAdapter(watchdog: Watchdog, message: string): ProviderFailure {
  return { kind: "stream-cut", phase: watchdog.failurePhase(), status: null, retryAfterMs: null, message };
}

function isToken(event: ModelEvent): boolean {
  return event.type !== "response-start" && event.type !== "finish" && event.type !== "fail";
}

/**
 * Yields the call's events in the adapter's batches; the last event is `finish` or `fail`, exactly one, and it
 * never throws. `signal` is the caller's: aborting it ends with `cancelled`.
 */
export async function* runAttempt(
  provider: Provider,
  call: ModelCall,
  deadlines: Deadlines,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  const controller = new AbortController();
  const forwardAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) forwardAbort();
  signal.addEventListener("abort", forwardAbort, { once: true });
  const watchdog = new Watchdog(clock, deadlines, () => controller.abort());
  const toFail = (given: ProviderFailure, usage: TokenUsage): ModelEvent => ({
    type: "fail",
    failure: judgeFailure(given, watchdog, deadlines, signal),
    usage,
  });
  try {
    for await (const batch of provider.stream(call, controller.signal)) {
      if (batch[0]?.type === "response-start") watchdog.enter("first-token");
      if (batch.some(isToken)) watchdog.noteToken();
      const last = batch[batch.length - 1];
      if (last?.type === "fail") {
        yield [...batch.slice(0, -1), toFail(last.failure, last.usage)];
        return;
      }
      watchdog.noteReaderAway();
      yield batch;
      if (last?.type === "finish") return;
      watchdog.noteReaderBack();
    }
    // An adapter that ends without a terminal event has a bug; the reader must still get an end.
    yield [toFail(brokenAdapter(watchdog, "the adapter ended without a terminal event"), UNKNOWN_USAGE)];
  } catch (error) {
    // So has one that throws: the turn goes on with the next candidate, and the log has the message.
    const message = `the adapter threw: ${toThrownMessage(error)}`;
    yield [toFail(brokenAdapter(watchdog, message), UNKNOWN_USAGE)];
  } finally {
    watchdog.stop();
    signal.removeEventListener("abort", forwardAbort);
    controller.abort();
  }
}
