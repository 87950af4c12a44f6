/**
 * An answer by way of the cache: told again when it is kept, otherwise asked for and, when it is worth it, kept. What the
 * cache did stands in a note that is read when headers and the last object are written. Rules HT140 to HT149.
 */
import { describeError } from "../../../auth/store/describe-error.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { AnswerCacheFacts } from "../../../protocol/breakwater-end.ts";
import type { AnswerInput } from "../../../routing/run-answer.ts";
import type { Answer } from "../open-answer.ts";
import { toCacheKey } from "./cache-key.ts";
import { CACHE_HEADER, type CacheWish } from "./cache-wish.ts";
import type { AnswerCacheStore, CachePlace } from "./store.ts";
import { AnswerGatherer, countBytes, replayAnswer, StoredAnswer, toReplayedEnd } from "./stored-answer.ts";

export interface AnswerCacheDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly answerCache: AnswerCacheStore;
  readonly runAnswer: (input: AnswerInput) => Answer;
  readonly isSandbox: (provider: string) => boolean;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** What the cache has done so far; what is not known yet is what it will most likely be. */
export interface CacheNote {
  status: "hit" | "miss" | "bypass" | "uncacheable";
  /** Of the answer that was told again. */
  hit: {
    readonly selectionId: string;
    readonly ageSeconds: number;
    readonly savedMicroUsd: number | null;
  } | null;
  stored: boolean;
}

export function startCacheNote({ refresh }: CacheWish): CacheNote {
  return { status: refresh ? "bypass" : "miss", hit: null, stored: false };
}

/** Nobody waits longer for a cache than an answer takes to begin. */
const MAX_LOOK_MS = 1_000;

export async function* answerThroughCache(
  deps: AnswerCacheDeps,
  wish: CacheWish,
  note: CacheNote,
  input: AnswerInput,
): Answer {
  const key = await toCacheKey(input, deps.isSandbox);
  if (key === null) {
    note.status = "uncacheable";
    return yield* deps.runAnswer(input);
  }
  const place = { organizationId: input.organizationId, key };
  const found = wish.refresh ? null : await find(deps, place, wish);
  if (found !== null) {
    noteHit(deps, note, input, found);
    yield* replayAnswer(found.answer);
    const end = toReplayedEnd(found.answer);
    yield [end];
    return { end, record: null };
  }
  return yield* answerAndKeep(deps, { wish, note, place }, input);
}

interface Keeping {
  readonly wish: CacheWish;
  readonly note: CacheNote;
  readonly place: CachePlace;
}

async function* answerAndKeep(
  deps: AnswerCacheDeps,
  { wish, note, place }: Keeping,
  input: AnswerInput,
): Answer {
  const gatherer = new AnswerGatherer({
    selectionId: input.selectionId,
    mayStartOver: input.mayStartOver === true,
    isLimited: input.call.maxOutputTokens !== undefined,
  });
  const answer = deps.runAnswer(input);
  for (;;) {
    const next = await answer.next();
    if (next.done !== true) {
      gatherer.take(next.value);
      yield next.value;
      continue;
    }
    const text = gatherer.toStorable(next.value.end);
    if (text === null) note.status = "uncacheable";
    else {
      note.stored = true;
      deps.waitUntil(save(deps, place, text, wish.seconds));
    }
    return next.value;
  }
}

interface FoundAnswer {
  readonly answer: StoredAnswer;
  readonly ageSeconds: number;
}

/** A cache that fails, or takes too long, has nothing. */
async function find(deps: AnswerCacheDeps, place: CachePlace, wish: CacheWish): Promise<FoundAnswer | null> {
  const nowMs = deps.clock.nowMs();
  const giveUp = new AbortController();
  try {
    const tooLong = deps.clock.sleep(MAX_LOOK_MS, giveUp.signal).then(() => "too-long" as const);
    const kept = await Promise.race([
      deps.answerCache.find(place, nowMs - wish.seconds * 1_000, nowMs),
      tooLong,
    ]);
    if (kept === "too-long") throw new Error(`no answer in ${MAX_LOOK_MS} ms`);
    if (kept === null) return null;
    const answer = StoredAnswer.parse(JSON.parse(kept.answer));
    return { answer, ageSeconds: Math.max(0, Math.floor((nowMs - kept.createdAtMs) / 1_000)) };
  } catch (error) {
    deps.log.write("warn", "background_failed", { task: "answer-cache-read", error: describeError(error) });
    return null;
  } finally {
    giveUp.abort();
  }
}

async function save(
  deps: AnswerCacheDeps,
  place: CachePlace,
  answer: string,
  seconds: number,
): Promise<void> {
  const createdAtMs = deps.clock.nowMs();
  const expiresAtMs = createdAtMs + seconds * 1_000;
  try {
    await deps.answerCache.save({ ...place, answer, bytes: countBytes(answer), createdAtMs, expiresAtMs });
  } catch (error) {
    deps.log.write("warn", "background_failed", { task: "answer-cache-save", error: describeError(error) });
  }
}

/** A hit leaves no selection, since nothing was selected: this line is its record. */
function noteHit(
  deps: AnswerCacheDeps,
  note: CacheNote,
  { requestId, organizationId }: AnswerInput,
  { answer, ageSeconds }: FoundAnswer,
): void {
  const { selectionId, costMicroUsd } = answer;
  note.status = "hit";
  note.hit = { selectionId, ageSeconds, savedMicroUsd: costMicroUsd };
  deps.log.write("info", "cache_hit", {
    request_id: requestId,
    org_id: organizationId,
    selection_id: selectionId,
    age_seconds: ageSeconds,
    saved_micro_usd: costMicroUsd,
  });
}

export function toCacheHeaders(note: CacheNote): Record<string, string> {
  const savedMicroUsd = note.hit?.savedMicroUsd ?? null;
  return {
    [CACHE_HEADER]: note.status,
    ...(savedMicroUsd === null ? {} : { "x-breakwater-saved-micro-usd": String(savedMicroUsd) }),
  };
}

export function toCacheFacts({ hit, stored }: CacheNote): AnswerCacheFacts {
  if (hit === null) return { hit: false, stored };
  return { hit: true, ageSeconds: hit.ageSeconds, savedMicroUsd: hit.savedMicroUsd };
}
