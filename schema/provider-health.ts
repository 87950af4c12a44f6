/** Tables inside each ProviderHealth object: the circuits, what they went through, and what an admin set. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row, id 1: the circuits as JSON, parsed with zod when they are read. */
export const circuits = sqliteTable("circuits", {
  id: integer("id").primaryKey(),
  provider: text("provider").notNull(),
  state: text("state", { mode: "json" }).notNull(),
});

/** Transitions, numbered from 1 without gaps; the oldest go when there are more than the object keeps. */
export const transition = sqliteTable("transition", {
  number: integer("number").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/** One row, id 1: what probes have cost today. */
export const probeSpend = sqliteTable("probe_spend", {
  id: integer("id").primaryKey(),
  day: text("day").notNull(),
  microUsd: integer("micro_usd").notNull(),
});

/** Every change of the policy, oldest first; the policy in force is the default with all of them on top. */
export const policyChange = sqliteTable("policy_change", {
  number: integer("number").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/** One row for each region that was heard of; only in the object that stands for all regions. */
export const region = sqliteTable("region", {
  name: text("name").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/** One row for each named alarm that is due some time. */
export const alarm = sqliteTable("alarm", {
  id: integer("id").primaryKey(),
  dueAtMs: integer("due_at_ms").notNull(),
});
