/** D1 by way of Drizzle: the type every store takes, and the one place that opens it. */
import { drizzle } from "drizzle-orm/d1";
import type { D1Database } from "@cloudflare/workers-types";
import type { DrizzleD1Database } from "drizzle-orm/d1";

/** `$client` is D1 itself, for the few statements that Drizzle cannot put into a batch. */
export type Database = DrizzleD1Database & { readonly $client: D1Database };

export function openDatabase(binding: D1Database): Database {
  return drizzle(binding);
}
