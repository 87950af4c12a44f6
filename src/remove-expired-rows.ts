/** Removes from D1 what was kept for a time that is over, in bounded steps: a delete holds everybody up. Rules HT147, HT155, HT198, OP63, OP66. */
import type { Database } from "./auth/store/database.ts";
import { describeError } from "./auth/store/describe-error.ts";
import { createSignInStore } from "./auth/store/sign-in-store.ts";
import { createAnswerCacheStore } from "./http/door/cache/store.ts";
import { createResponseItemStore } from "./http/openai/responses/items/store.ts";
import { createIdempotentCallStore } from "./http/middleware/idempotency/store.ts";

/** One statement's: well under a second, however long the answers are. */
export const ROWS_AT_ONCE = 200;
/** With one look a minute: more rows in a day than anybody keeps. */
const MAX_STEPS = 20;

const STORES = {
  cached_answer: createAnswerCacheStore,
  idempotent_call: createIdempotentCallStore,
  response_items: createResponseItemStore,
  auth_session: createSignInStore,
};

/** A table that fails keeps no other from being cleaned; whoever asked is told of each that has. */
export async function removeExpiredRows(database: Database, nowMs: number): Promise<void> {
  const failures: string[] = [];
  for (const [table, create] of Object.entries(STORES)) {
    try {
      const store = create(database);
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const removed = await store.deleteExpired(nowMs, ROWS_AT_ONCE);
        if (removed < ROWS_AT_ONCE) break;
      }
    } catch (error) {
      failures.push(`${table}: ${describeError(error)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join("; "));
}
