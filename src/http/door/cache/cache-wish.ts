/** What a caller wants of the answer cache, by its header. Pure. Rules HT140, HT147. */
import { fail, succeed, type Result } from "../../../base/result.ts";

export const CACHE_HEADER = "x-breakwater-cache";
/** A week: models and the world change, and rows that nobody asks for again take room. */
const MAX_SECONDS = 604_800;
const WISH_SHAPE = /^(?<refresh>refresh=)?(?<seconds>[1-9]\d{0,5})$/u;

export interface CacheWish {
  /** How old an answer may be that is given here, and how long a new one is kept. */
  readonly seconds: number;
  /** True: whatever is kept is not looked at, and the new answer takes its place. */
  readonly refresh: boolean;
}

/** Null when the cache is to be left alone; a failure is a sentence for the caller. */
export function readCacheWish(header: string | undefined): Result<CacheWish | null, string> {
  if (header === undefined || header === "off") return succeed(null);
  const groups = WISH_SHAPE.exec(header)?.groups;
  const seconds = Number(groups?.["seconds"] ?? 0);
  if (seconds >= 1 && seconds <= MAX_SECONDS) {
    return succeed({ seconds, refresh: groups?.["refresh"] !== undefined });
  }
  return fail(
    `${CACHE_HEADER}: send \`off\`, whole seconds from 1 to ${MAX_SECONDS}, or \`refresh=\` and such seconds.`,
  );
}
