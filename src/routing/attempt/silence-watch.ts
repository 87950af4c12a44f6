/**
 * Whether a provider that says nothing is there at all. Of an answer in one piece nothing is heard until it is there, so
 * no deadline tells one that works on it from one that hangs: the free check does. Rule RT79.
 */
import type { Clock } from "../../base/clock.ts";
import type { ProviderFailure, ProviderFailureKind } from "../../providers/failure.ts";
import type { Provider } from "../../providers/provider.ts";
import { PROBE_DEADLINES } from "./deadlines.ts";

/** One answer that is lost proves nothing. */
const CHECKS_IN_A_ROW = 2;
/** Whatever else is answered, somebody is there. */
const NOBODY_THERE: ReadonlySet<ProviderFailureKind> = new Set(["timeout", "unreachable"]);

export interface SilenceWatchDeps {
  readonly clock: Clock;
  readonly provider: Pick<Provider, "ping">;
  /** Until the first look; each further one comes after twice as long, so that long answers cost few. */
  readonly afterMs: number;
  readonly onGone: (failure: ProviderFailure) => void;
}

export class SilenceWatch {
  private readonly deps: SilenceWatchDeps;
  private readonly startedMs: number;
  private cancelTimer: () => void = () => {};
  private check: AbortController | null = null;
  private isOver = false;

  constructor(deps: SilenceWatchDeps) {
    this.deps = deps;
    this.startedMs = deps.clock.nowMs();
    this.arm(deps.afterMs);
  }

  stop(): void {
    this.isOver = true;
    this.cancelTimer();
    this.check?.abort();
  }

  private arm(afterMs: number): void {
    this.cancelTimer = this.deps.clock.startTimer(afterMs, () => void this.look(afterMs));
  }

  private async look(afterMs: number): Promise<void> {
    for (let count = 0; count < CHECKS_IN_A_ROW; count += 1) {
      const isThere = await this.isThere();
      if (this.isOver) return;
      if (isThere) return this.arm(afterMs * 2);
    }
    const waitedMs = this.deps.clock.nowMs() - this.startedMs;
    const message = `no answer within ${waitedMs} ms, nor to a check`;
    this.deps.onGone({ kind: "timeout", phase: "connect", status: null, retryAfterMs: null, message });
  }

  private async isThere(): Promise<boolean> {
    const check = new AbortController();
    this.check = check;
    const cancelTimer = this.deps.clock.startTimer(PROBE_DEADLINES.headersMs, () => check.abort());
    try {
      const failure = await this.deps.provider.ping(check.signal);
      return !check.signal.aborted && (failure === null || !NOBODY_THERE.has(failure.kind));
    } finally {
      cancelTimer();
    }
  }
}
