/** Items of responses in D1 (schema/d1/response-items.ts). Every statement names the organization. Rules HT196 to HT198. */
import { and, eq, gt, sql } from "drizzle-orm";
import { z } from "zod";
import { responseItems } from "../../../../../schema/d1/response-items.ts";
import type { Database } from "../../../../auth/store/database.ts";
import { openKeptRows } from "../../../kept-rows.ts";

/** What an organization keeps at the most; the oldest make room. */
const MAX_ORGANIZATION_BYTES = 100_000_000;

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

const Rows = z.array(z.object({ items: z.string().nullable() }));

export function createResponseItemStore(database: Database): ResponseItemStore {
  const kept = openKeptRows(database, {
    table: "response_items",
    key: "stem",
    value: "items",
    maxOrganizationBytes: MAX_ORGANIZATION_BYTES,
  });
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
    save: ({ stem, items, ...entry }) => kept.save({ ...entry, key: stem, value: items }),
    deleteExpired: (nowMs, limit) => kept.deleteExpired(nowMs, limit),
  };
}
