/**
 * Calls that were made under an `Idempotency-Key`, and the answers their repeats are given
 * (src/http/middleware/idempotency). A row without a status is a call that still runs, or died.
 */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const idempotentCall = sqliteTable(
  "idempotent_call",
  {
    organizationId: text("organization_id").notNull(),
    /** Of the request: the same key at another address is another call. */
    path: text("path").notNull(),
    /** As the client sent it. */
    key: text("key").notNull(),
    /** SHA-256 of the body, lower-case hexadecimal. */
    bodyHash: text("body_hash").notNull(),
    /** Random: who may write the answer of this row, behind who made the call first. */
    claim: text("claim").notNull(),
    /** Until then nobody takes a call that still runs for dead. */
    busyUntilMs: integer("busy_until_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    status: integer("status"),
    /** JSON: an object of header names and values. */
    headers: text("headers"),
    /** Null beside a status: the answer was too large to be kept. */
    body: text("body"),
    /** The bytes this organization has ever kept, this row's included; null while the call runs. */
    position: integer("position"),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.path, table.key] }),
    index("idempotent_call_expires").on(table.expiresAtMs),
    index("idempotent_call_position").on(table.organizationId, table.position),
  ],
);
