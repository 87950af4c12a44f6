/** Tables inside each ProviderHealth object: the breaker, what it went through, and the calls it last heard of. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row, id 1: the breaker as JSON, parsed with zod when it is read. */
export const breaker = sqliteTable("breaker", {
  id: integer("id").primaryKey(),
  provider: text("provider").notNull(),
  state: text("state", { mode: "json" }).notNull(),
});

/** Transitions, numbered from 1 without gaps; the oldest go when there are more than the object keeps. */
export const transition = sqliteTable("transition", {
  number: integer("number").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/** One row for each named alarm that is due some time. */
export const alarm = sqliteTable("alarm", {
  id: integer("id").primaryKey(),
  dueAtMs: integer("due_at_ms").notNull(),
});
