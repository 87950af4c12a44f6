/** Kept answers in D1 (schema/d1/answer-cache.ts). Every statement names the organization. Rules HT142, HT147, HT148. */
import { and, eq, gt } from "drizzle-orm";
import { cachedAnswer } from "../../../../schema/d1/answer-cache.ts";
import type { Database } from "../../../auth/store/database.ts";
import { openKeptRows } from "../../kept-rows.ts";

/** What an organization keeps at the most; the oldest make room. */
const MAX_ORGANIZATION_BYTES = 50_000_000;

export interface CachePlace {
  readonly organizationId: string;
  readonly key: string;
}

export interface KeptAnswer {
  /** JSON of a StoredAnswer, as it was saved. */
  readonly answer: string;
  readonly createdAtMs: number;
}

export interface NewKeptAnswer extends CachePlace, KeptAnswer {
  readonly bytes: number;
  readonly expiresAtMs: number;
}

export interface AnswerCacheStore {
  /** An answer that was kept after `sinceMs` and still lives; null when there is none. */
  find(place: CachePlace, sinceMs: number, nowMs: number): Promise<KeptAnswer | null>;
  /** Takes the place of what was kept under this key; the organization's oldest answers make room. */
  save(entry: NewKeptAnswer): Promise<void>;
  /** How many rows were removed, at most `limit`. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}

export function createAnswerCacheStore(database: Database): AnswerCacheStore {
  const rows = openKeptRows(database, {
    table: "cached_answer",
    key: "key",
    value: "answer",
    maxOrganizationBytes: MAX_ORGANIZATION_BYTES,
  });
  return {
    async find({ organizationId, key }, sinceMs, nowMs) {
      const found = await database
        .select({ answer: cachedAnswer.answer, createdAtMs: cachedAnswer.createdAtMs })
        .from(cachedAnswer)
        .where(
          and(
            eq(cachedAnswer.organizationId, organizationId),
            eq(cachedAnswer.key, key),
            gt(cachedAnswer.createdAtMs, sinceMs),
            gt(cachedAnswer.expiresAtMs, nowMs),
          ),
        )
        .limit(1);
      return found[0] ?? null;
    },
    save: ({ answer, ...entry }) => rows.save({ ...entry, value: answer }),
    deleteExpired: (nowMs, limit) => rows.deleteExpired(nowMs, limit),
  };
}
