/** Waits until a server of ours answers with 200. */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 100;

/** wrangler holds early requests until the Worker is up, so a try may be long; one that hangs must still end. */
const TRY_MS = 15_000;

export type Waited = { readonly ok: true } | { readonly ok: false; readonly last: string };

export interface Patience {
  /** For a server that says nothing yet: one that starts on a busy machine. */
  readonly silentMs: number;
  /** For one that answers, and not with 200, from its first such answer on. */
  readonly illMs: number;
}

/** Asks until the answer is 200, `signal` aborts or the patience is over; then `last` says what the last try got. Rule HT333. */
export async function waitForUrl(
  url: string,
  { silentMs, illMs }: Patience,
  signal: AbortSignal,
): Promise<Waited> {
  let deadlineMs = Date.now() + silentMs;
  let last = "no answer";
  let isIll = false;
  while (Date.now() < deadlineMs && !signal.aborted) {
    try {
      const tryMs = Math.min(TRY_MS, deadlineMs - Date.now());
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(tryMs)]) });
      const body = await response.text();
      if (response.status === 200) return { ok: true };
      last = `status ${response.status}: ${body.slice(0, 500)}`;
      if (!isIll) deadlineMs = Math.min(deadlineMs, Date.now() + illMs);
      isIll = true;
    } catch (error) {
      // What an ill server said is more than that it says nothing any more.
      if (!isIll) last = error instanceof Error ? error.message : String(error);
    }
    // An abort ends the loop above; it must not reject here.
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return { ok: false, last };
}
