/** Items of responses in D1 (schema/d1/response-items.ts). Every statement names the organization. Rules HT196 to HT198. */
import { and, eq, gt, sql } from "drizzle-orm";
import { z } from "zod";
import { responseItems } from "../../../../../schema/d1/response-items.ts";
import type { Database } from "../../../../auth/store/database.ts";

/** What an organization keeps at the most; the oldest make room. */
const MAX_ORGANIZATION_BYTES = 100_000_000;
/** A row takes room of its own, however short the answer: it bounds an organization's rows at 50,000. */
const LEAST_ROW_BYTES = 2_000;

export interface NewResponseItems {
  readonly organizationId: string;
  /** What the ids of the items have in common. */
  readonly stem: string;
  /** JSON of the items. */
  readonly items: string;
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface ItemSearch {
  readonly organizationId: string;
  readonly stems: readonly string[];
  readonly nowMs: number;
  /** What all rows together may have, bytes. */
  readonly maxBytes: number;
}

export interface ResponseItemStore {
  /** JSON of the items of each response that is there and still lives, in no order; null when they are too much together. */
  find(search: ItemSearch): Promise<string[] | null>;
  /** Keeps the items of a response; the organization's oldest make room. */
  save(entry: NewResponseItems): Promise<void>;
  /** How many rows were removed, at most `limit`. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}

const SAVE_STATEMENT = `
  insert into response_items (organization_id, stem, items, created_at_ms, expires_at_ms, position)
  values (?1, ?2, ?3, ?4, ?5,
    ?6 + coalesce((select max(position) from response_items where organization_id = ?1), 0))
  on conflict (organization_id, stem) do update set items = excluded.items,
    created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms, position = excluded.position`;

const MAKE_ROOM_STATEMENT = `
  delete from response_items where organization_id = ?1
    and position <= (select max(position) from response_items where organization_id = ?1) - ?2`;

const EXPIRE_STATEMENT = `
  delete from response_items
  where rowid in (select rowid from response_items where expires_at_ms <= ?1 order by expires_at_ms limit ?2)`;

const Rows = z.array(z.object({ items: z.string().nullable() }));

export function createResponseItemStore(database: Database): ResponseItemStore {
  const { $client } = database;
  return {
    async find({ organizationId, stems, nowMs, maxBytes }) {
      const { items: json, stem } = responseItems;
      const bytes = sql`sum(length(cast(${json} as blob))) over ()`;
      const rows = await database
        .select({ items: sql<unknown>`case when ${bytes} <= ${maxBytes} then ${json} end` })
        .from(responseItems)
        .where(
          and(
            eq(responseItems.organizationId, organizationId),
            // One bound text, since D1 binds a hundred values at the most.
            sql`${stem} in (select value from json_each(${JSON.stringify(stems)}))`,
            gt(responseItems.expiresAtMs, nowMs),
          ),
        );
      const found: string[] = [];
      for (const { items } of Rows.parse(rows)) {
        if (items === null) return null;
        found.push(items);
      }
      return found;
    },
    async save({ organizationId, stem, items, bytes, createdAtMs, expiresAtMs }) {
      const weight = Math.max(bytes, LEAST_ROW_BYTES);
      await $client.batch([
        $client.prepare(SAVE_STATEMENT).bind(organizationId, stem, items, createdAtMs, expiresAtMs, weight),
        $client.prepare(MAKE_ROOM_STATEMENT).bind(organizationId, MAX_ORGANIZATION_BYTES),
      ]);
    },
    async deleteExpired(nowMs, limit) {
      const { meta } = await $client.prepare(EXPIRE_STATEMENT).bind(nowMs, limit).run();
      return meta.changes;
    },
  };
}
