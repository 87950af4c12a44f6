/**
 * What a response of `POST /v1/responses` was made of, kept for a day so that a later call may name an item instead of
 * sending it (src/http/openai/responses/items). One row for a response. The organization is in the key of every row and
 * of every statement.
 */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const responseItems = sqliteTable(
  "response_items",
  {
    organizationId: text("organization_id").notNull(),
    /** What the ids of all its items have in common (src/http/openai/responses/response-id.ts). */
    stem: text("stem").notNull(),
    /** JSON: the output items, in order; thoughts by their id alone. */
    items: text("items").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    /** The bytes this organization has ever kept, this row's included: rows far behind the newest make room. */
    position: integer("position").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.stem] }),
    index("response_items_expires").on(table.expiresAtMs),
    index("response_items_position").on(table.organizationId, table.position),
  ],
);
