/** When `npm start` has to end: a signal, or the death of whoever started it. */

/** Often enough that a lost parent is noticed before somebody starts again; a look costs microseconds. */
const PARENT_CHECK_MS = 500;

/**
 * Aborts on SIGINT, SIGTERM and SIGHUP, when the process that handed over to us is gone, and, under npm, when npm's
 * shell is gone (a killed npm tells nobody).
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  process.once("disconnect", stop);
  if (process.env["npm_lifecycle_event"] !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, PARENT_CHECK_MS).unref();
  }
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
