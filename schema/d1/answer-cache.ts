/**
 * Answers that organizations asked to have kept for the same call again (src/http/door/cache). The call itself is not
 * here, only its hash. The organization is in the key of every row and of every statement.
 */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const cachedAnswer = sqliteTable(
  "cached_answer",
  {
    organizationId: text("organization_id").notNull(),
    /** SHA-256 of the call, lower-case hexadecimal. */
    key: text("key").notNull(),
    /** JSON: StoredAnswer (src/http/door/cache/stored-answer.ts). */
    answer: text("answer").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    /** The bytes this organization has ever kept, this row's included: rows far behind the newest make room. */
    position: integer("position").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.key] }),
    index("cached_answer_expires").on(table.expiresAtMs),
    index("cached_answer_position").on(table.organizationId, table.position),
  ],
);
