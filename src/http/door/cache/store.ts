/** Kept answers in D1 (schema/d1/answer-cache.ts). Every statement names the organization. Rules HT142, HT147, HT148. */
import { and, eq, gt } from "drizzle-orm";
import { cachedAnswer } from "../../../../schema/d1/answer-cache.ts";
import type { Database } from "../../../auth/store/database.ts";

/** What an organization keeps at the most; the oldest make room. */
const MAX_ORGANIZATION_BYTES = 50_000_000;
/** A row takes room of its own, however short the answer: it bounds an organization's rows at 25,000. */
const LEAST_ROW_BYTES = 2_000;

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

const SAVE_STATEMENT = `
  insert into cached_answer (organization_id, key, answer, created_at_ms, expires_at_ms, position)
  values (?1, ?2, ?3, ?4, ?5,
    ?6 + coalesce((select max(position) from cached_answer where organization_id = ?1), 0))
  on conflict (organization_id, key) do update set answer = excluded.answer,
    created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms, position = excluded.position`;

const MAKE_ROOM_STATEMENT = `
  delete from cached_answer where organization_id = ?1
    and position <= (select max(position) from cached_answer where organization_id = ?1) - ?2`;

const EXPIRE_STATEMENT = `
  delete from cached_answer
  where rowid in (select rowid from cached_answer where expires_at_ms <= ?1 order by expires_at_ms limit ?2)`;

export function createAnswerCacheStore(database: Database): AnswerCacheStore {
  const { $client } = database;
  return {
    async find({ organizationId, key }, sinceMs, nowMs) {
      const rows = await database
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
      return rows[0] ?? null;
    },
    async save({ organizationId, key, answer, bytes, createdAtMs, expiresAtMs }) {
      const weight = Math.max(bytes, LEAST_ROW_BYTES);
      await $client.batch([
        $client.prepare(SAVE_STATEMENT).bind(organizationId, key, answer, createdAtMs, expiresAtMs, weight),
        $client.prepare(MAKE_ROOM_STATEMENT).bind(organizationId, MAX_ORGANIZATION_BYTES),
      ]);
    },
    async deleteExpired(nowMs, limit) {
      const { meta } = await $client.prepare(EXPIRE_STATEMENT).bind(nowMs, limit).run();
      return meta.changes;
    },
  };
}
