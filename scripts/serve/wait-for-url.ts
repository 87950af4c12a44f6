/** Waits until a server of ours answers with 200. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 100;

/** wrangler holds early requests until the Worker is up, so a try may be long; one that hangs must still end. */
const TRY_MS = 15_000;

export type Waited = { readonly ok: true } | { readonly ok: false; readonly last: string };

/**
 * Asks until the answer is 200, `signal` aborts or `timeoutMs` is over; then `last` says what the last try got. A
 * single try takes at most two seconds.
 */
export async function waitForUrl(url: string, timeoutMs: number, signal: AbortSignal): Promise<Waited> {
  const deadlineMs = Date.now() + timeoutMs;
  let last = "no answer";
  while (Date.now() < deadlineMs && !signal.aborted) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]) });
      const body = await response.text();
      if (response.status === 200) return { ok: true };
      last = `status ${response.status}: ${body.slice(0, 500)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    // An abort ends the loop above; it must not reject here.
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return { ok: false, last };
}
