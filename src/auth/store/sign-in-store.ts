/** Sign-ins that are over (schema/d1/accounts.ts): the library leaves them, each with an address and a browser's name. Rule OP63. */
import { newId } from "../../base/id.ts";
import { SIGN_IN_LIFETIME_MS } from "../sign-in-lifetime.ts";
import type { Database } from "./database.ts";

export interface SignInStore {
  /** How many rows were removed, at most `limit`. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}

/** By the primary key, since ids sort by age and all sign-ins last equally long: there is no index by the time of their end. */
const EXPIRE_STATEMENT = `
  delete from auth_session where id in (
    select id from auth_session where id < ?1 and expires_at <= ?2 order by id limit ?3)`;

export function createSignInStore({ $client }: Database): SignInStore {
  return {
    async deleteExpired(nowMs, limit) {
      const beganAtMs = Math.max(0, nowMs - SIGN_IN_LIFETIME_MS);
      // The lowest id of that time.
      const oldest = newId("session", {
        nowMs: () => beganAtMs,
        randomBytes: (length) => new Uint8Array(length),
      });
      const { meta } = await $client.prepare(EXPIRE_STATEMENT).bind(oldest, nowMs, limit).run();
      return meta.changes;
    },
  };
}
