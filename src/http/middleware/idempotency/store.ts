/**
 * Calls under a key in D1 (schema/d1/idempotent-call.ts). Whose a call is decides one statement: of those who come at the
 * same time one finds its own claim in the row. Rules HT150 to HT155, HT346.
 */
import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import { idempotentCall } from "../../../../schema/d1/idempotent-call.ts";
import type { Database } from "../../../auth/store/database.ts";

/** What an organization's answers may take; the oldest make room. */
const MAX_ORGANIZATION_BYTES = 50_000_000;
/** A row takes room of its own, however short the answer: it bounds an organization's rows at 25,000. */
const LEAST_ROW_BYTES = 2_000;

export interface CallPlace {
  readonly organizationId: string;
  readonly path: string;
  readonly key: string;
}

export interface CallClaim extends CallPlace {
  readonly bodyHash: string;
  /** Random, and without a space. */
  readonly claim: string;
}

export interface KeptCallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: it was too large. */
  readonly body: string | null;
}

/** Whose the call is. */
export type ClaimOutcome =
  /** `first` is the claim of who made the call first: its own, or that of one that was taken for dead. */
  | { readonly type: "claimed"; readonly first: string }
  | {
      readonly type: "taken";
      readonly bodyHash: string;
      /** Null: it still runs. */
      readonly answer: KeptCallAnswer | null;
    };

export interface IdempotentCallStore {
  /**
   * Takes the call, unless it was taken before: then what became of it. A call whose time is over is free, and so is one
   * with the same body that nobody has said for a while that it runs.
   */
  claim(
    call: CallClaim,
    times: { nowMs: number; busyUntilMs: number; expiresAtMs: number },
  ): Promise<ClaimOutcome>;
  /** Says that the call still runs. */
  extend(call: CallClaim, busyUntilMs: number): Promise<void>;
  /** Keeps the answer; the organization's oldest make room. Nothing happens when somebody else has the call by now. */
  finish(call: CallClaim, answer: KeptCallAnswer, bytes: number): Promise<void>;
  /** Gives the key back. */
  release(call: CallClaim): Promise<void>;
  /** How many rows were removed, at most `limit`. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}

/** Who takes a call over writes its claim behind the first one's. */
const CLAIM_STATEMENT = `
  insert into idempotent_call (organization_id, path, key, body_hash, claim, busy_until_ms, expires_at_ms)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  on conflict (organization_id, path, key) do update set body_hash = excluded.body_hash,
    claim = case when idempotent_call.expires_at_ms <= ?8 then excluded.claim
      else substr(idempotent_call.claim, 1, instr(idempotent_call.claim || ' ', ' ') - 1) || ' ' || excluded.claim end,
    busy_until_ms = excluded.busy_until_ms, expires_at_ms = excluded.expires_at_ms,
    status = null, headers = null, body = null, position = null
  where idempotent_call.expires_at_ms <= ?8
    or (idempotent_call.status is null and idempotent_call.busy_until_ms <= ?8
      and idempotent_call.body_hash = excluded.body_hash)`;

const IS_CLAIMED = "substr(' ' || claim, -length(?4) - 1) = ' ' || ?4";
const AT_PLACE = "organization_id = ?1 and path = ?2 and key = ?3";
const READ_STATEMENT = `select claim, body_hash, status, headers, body from idempotent_call where ${AT_PLACE}`;
const FINISH_STATEMENT = `
  update idempotent_call set status = ?5, headers = ?6, body = ?7,
    position = ?8 + coalesce((select max(position) from idempotent_call where organization_id = ?1), 0)
  where ${AT_PLACE} and ${IS_CLAIMED}`;
const MAKE_ROOM_STATEMENT = `
  delete from idempotent_call where organization_id = ?1
    and position <= (select max(position) from idempotent_call where organization_id = ?1) - ?2`;
const EXPIRE_STATEMENT = `
  delete from idempotent_call
  where rowid in (select rowid from idempotent_call where expires_at_ms <= ?1 order by expires_at_ms limit ?2)`;

const HeadersText = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.record(z.string(), z.string()));
const Row = z.object({
  claim: z.string(),
  body_hash: z.string(),
  status: z.int().nullable(),
  headers: HeadersText.nullable(),
  body: z.string().nullable(),
});

/** The row of a call, as long as nobody has taken it over. */
const isOwn = ({ organizationId, path, key, claim }: CallClaim) =>
  and(
    eq(idempotentCall.organizationId, organizationId),
    eq(idempotentCall.path, path),
    eq(idempotentCall.key, key),
    sql`substr(' ' || ${idempotentCall.claim}, -length(${claim}) - 1) = ' ' || ${claim}`,
  );

export function createIdempotentCallStore(database: Database): IdempotentCallStore {
  const { $client } = database;
  return {
    async claim(call, { nowMs, busyUntilMs, expiresAtMs }) {
      const { organizationId, path, key, bodyHash, claim } = call;
      const [, read] = await $client.batch([
        $client
          .prepare(CLAIM_STATEMENT)
          .bind(organizationId, path, key, bodyHash, claim, busyUntilMs, expiresAtMs, nowMs),
        $client.prepare(READ_STATEMENT).bind(organizationId, path, key),
      ]);
      const row = Row.parse(read?.results[0]);
      const [first = claim, last = first] = row.claim.split(" ");
      if (last === claim) return { type: "claimed", first };
      const { status, headers, body } = row;
      const answer = status === null ? null : { status, headers: headers ?? {}, body };
      return { type: "taken", bodyHash: row.body_hash, answer };
    },
    async extend(call, busyUntilMs) {
      await database.update(idempotentCall).set({ busyUntilMs }).where(isOwn(call));
    },
    async finish(call, { status, headers, body }, bytes) {
      const { organizationId, path, key, claim } = call;
      const weight = Math.max(bytes, LEAST_ROW_BYTES);
      await $client.batch([
        $client
          .prepare(FINISH_STATEMENT)
          .bind(organizationId, path, key, claim, status, JSON.stringify(headers), body, weight),
        $client.prepare(MAKE_ROOM_STATEMENT).bind(organizationId, MAX_ORGANIZATION_BYTES),
      ]);
    },
    async release(call) {
      await database.delete(idempotentCall).where(isOwn(call));
    },
    async deleteExpired(nowMs, limit) {
      const { meta } = await $client.prepare(EXPIRE_STATEMENT).bind(nowMs, limit).run();
      return meta.changes;
    },
  };
}
