/** The real clock, chance, ids and log: the only place that reads them from the runtime. */
import type { Clock } from "./base/clock.ts";
import type { IdSource } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, durationMs);
      signal?.addEventListener("abort", finish, { once: true });
    }),
  startTimer: (durationMs, callback) => {
    const timer = setTimeout(callback, durationMs);
    return () => clearTimeout(timer);
  },
};

/** Jitter only; ids come from the cryptographic source. */
export const systemRandom: Random = () => Math.random();

export const systemIdSource: IdSource = {
  nowMs: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** One JSON object a line on the platform's log, ready for Logpush and `wrangler tail`. */
export const consoleLog: Log = {
  write: (level, event, fields) => {
    const line = JSON.stringify({ timestamp: new Date().toISOString(), level, event, ...fields });
    if (level === "error") console.error(line);
    else if (level === "warn") console.warn(line);
    else console.log(line);
  },
};
