/**
 * The selection log: a row for each routing decision (src/protocol/selection.ts is its shape). Columns for what is
 * filtered or counted, JSON text for what is only shown. No foreign keys: a record must not be lost because a person
 * was deleted while it was in the queue.
 */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const selection = sqliteTable(
  "selection",
  {
    id: text("id").primaryKey(),
    requestId: text("request_id").notNull(),
    organizationId: text("organization_id").notNull(),
    userId: text("user_id").notNull(),
    sessionId: text("session_id"),
    turnId: text("turn_id"),
    createdAtMs: integer("created_at_ms").notNull(),
    mode: text("mode").notNull(),
    intent: text("intent").notNull(),
    status: text("status").notNull(),
    provider: text("provider"),
    model: text("model"),
    affinity: integer("affinity", { mode: "boolean" }).notNull(),
    firstTokenMs: integer("first_token_ms"),
    durationMs: integer("duration_ms").notNull(),
    inputTokens: integer("input_tokens"),
    cachedInputTokens: integer("cached_input_tokens"),
    cacheWriteTokens: integer("cache_write_tokens"),
    outputTokens: integer("output_tokens"),
    reasoningTokens: integer("reasoning_tokens"),
    costMicroUsd: integer("cost_micro_usd"),
    sandbox: integer("sandbox", { mode: "boolean" }).notNull(),
    /** JSON: array of strings. */
    requested: text("requested").notNull(),
    /** JSON: array of SelectionCandidate. */
    candidates: text("candidates").notNull(),
    /** JSON: RankingDecision; null on rows from before policies. */
    decision: text("decision"),
    /** JSON: array of SelectionAttempt. */
    attempts: text("attempts").notNull(),
  },
  (table) => [
    // A member's log and analytics: one organization, newest first.
    index("selection_organization_created").on(table.organizationId, table.createdAtMs, table.id),
    // An admin's: everything, newest first.
    index("selection_created").on(table.createdAtMs, table.id),
    // What became of one request: the way from a circuit's transition to the decisions behind it.
    index("selection_request").on(table.requestId, table.createdAtMs, table.id),
  ],
);
