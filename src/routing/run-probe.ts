/**
 * One probe of a provider: first the free check (listing models proves key and path), then, only if that worked,
 * a word or two from a model, since an endpoint may list models while it cannot answer. Rules CB15 to CB17.
 */
import type { Clock } from "../base/clock.ts";
import type { HealthVerdict } from "../circuit/breaker.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import type { ModelCall, Provider } from "../providers/provider.ts";
import type { Deadlines } from "./deadlines.ts";
import { VERDICT_OF_FAILURE } from "./health-verdict.ts";
import { runAttempt } from "./run-attempt.ts";

export interface ProbeResult {
  readonly verdict: HealthVerdict;
  readonly latencyMs: number;
  /** Empty when it went well. */
  readonly message: string;
  /** How long a 429 asked us to stay away, milliseconds; missing or null when it did not say. */
  readonly retryAfterMs?: number | null;
}

/** Never throws and never takes longer than the deadlines allow. */
export async function runProbe(
  provider: Provider,
  call: ModelCall,
  deadlines: Deadlines,
  clock: Clock,
): Promise<ProbeResult> {
  const startedMs = clock.nowMs();
  const failure =
    (await pingWithin(provider, deadlines.headersMs, clock)) ??
    (await generate(provider, call, deadlines, clock));
  const latencyMs = Math.max(0, clock.nowMs() - startedMs);
  if (failure === null) return { verdict: "success", latencyMs, message: "" };
  return {
    verdict: VERDICT_OF_FAILURE[failure.kind],
    latencyMs,
    message: `${failure.kind}: ${failure.message}`,
    retryAfterMs: failure.retryAfterMs,
  };
}

async function pingWithin(
  provider: Provider,
  limitMs: number,
  clock: Clock,
): Promise<ProviderFailure | null> {
  const controller = new AbortController();
  const cancelTimer = clock.startTimer(limitMs, () => controller.abort());
  try {
    const failure = await provider.ping(controller.signal);
    if (failure === null || !controller.signal.aborted) return failure;
    return {
      kind: "timeout",
      phase: "connect",
      status: null,
      retryAfterMs: null,
      message: `no answer to a ping within ${limitMs} ms`,
    };
  } finally {
    cancelTimer();
  }
}

async function generate(
  provider: Provider,
  call: ModelCall,
  deadlines: Deadlines,
  clock: Clock,
): Promise<ProviderFailure | null> {
  const never = new AbortController();
  for await (const batch of runAttempt(provider, call, deadlines, clock, never.signal)) {
    const last = batch.at(-1);
    if (last?.type === "fail") return last.failure;
  }
  return null;
}
