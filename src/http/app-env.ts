/** What the middleware puts into Hono's context for the handlers. */
import type { Context } from "hono";
import type { Principal } from "../auth/principal.ts";
import { assert } from "../base/assert.ts";
import type { Log } from "../base/log.ts";

export interface AppEnv {
  Variables: {
    readonly requestId: string;
    readonly log: Log;
    /** The time as ISO 8601. */
    readonly nowIso: () => string;
    /** Null on public routes, and where a ticket stands for its holder. */
    readonly principal: Principal | null;
    /** Settles when an answer that is still being written has ended; null for every other one. Never rejects. */
    readonly streamEnd: Promise<void> | null;
    /** Names a call under a key: the same when it is made anew because its Worker died. Null without a key. */
    readonly keyedCall: string | null;
  };
}

export type AppContext = Context<AppEnv>;

/** The principal of a route that the access table does not leave to strangers. */
export function readPrincipal(context: AppContext): Principal {
  const principal = context.get("principal");
  assert(principal !== null, "a route for known callers ran without one");
  return principal;
}
