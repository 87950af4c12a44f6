/** The free check of a provider, bounded in time. */
import type { Clock } from "../../base/clock.ts";
import type { ProviderFailure } from "../../providers/failure.ts";
import type { Provider } from "../../providers/provider.ts";

/** Null when it is well; a `timeout` when it does not answer within `limitMs`. Aborting `controller` ends it sooner. */
export async function pingWithin(
  provider: Pick<Provider, "ping">,
  clock: Clock,
  limitMs: number,
  controller = new AbortController(),
): Promise<ProviderFailure | null> {
  const cancelTimer = clock.startTimer(limitMs, () => controller.abort());
  try {
    const failure = await provider.ping(controller.signal);
    if (failure === null || !controller.signal.aborted) return failure;
    const message = `no answer to a ping within ${limitMs} ms`;
    return { kind: "timeout", phase: "connect", status: null, retryAfterMs: null, message };
  } finally {
    cancelTimer();
  }
}
