/** API keys in D1: only their hashes. The check on the hot path is one indexed read (rule AU10). */
import { and, desc, eq, isNull, lt, or } from "drizzle-orm";
import { apiKey, membership } from "../../../schema/d1/accounts.ts";
import { newId } from "../../base/id.ts";
import type { IdSource } from "../../base/id.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { newApiKey, toKeyStart } from "../api-key.ts";
import { hashSecret } from "./hash-secret.ts";
import { OrganizationIdText, UserIdText } from "../principal.ts";
import type { ApiKeyPrincipal } from "../principal.ts";
import type { Database } from "./database.ts";

/** Enough for a person's programs; a list of them stays one page and one answer. */
export const MAX_KEYS_PER_USER = 50;
/** A write for each call would cost more than the call; to the hour is enough to see whether a key is in use. */
export const LAST_USED_RESOLUTION_MS = 60 * 60 * 1000;

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly start: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

export interface KeyOwner {
  readonly userId: string;
  readonly organizationId: string;
}

export interface FoundApiKey {
  readonly principal: ApiKeyPrincipal;
  readonly lastUsedAtMs: number | null;
}

export interface ApiKeyStore {
  /** Stores a new key; the text in `key` is nowhere else afterwards. */
  create(
    owner: KeyOwner,
    name: string,
  ): Promise<Result<{ record: ApiKeyRecord; key: string }, "too-many-keys">>;
  /** The owner's keys that are not revoked, newest first, at most 50. */
  list(owner: KeyOwner): Promise<readonly ApiKeyRecord[]>;
  /** False when the owner has no such key, or had revoked it before. */
  revoke(owner: KeyOwner, keyId: string): Promise<boolean>;
  /** Who a key speaks for; null when it is unknown, revoked, or its user has left the organization. */
  findByHash(hash: string): Promise<FoundApiKey | null>;
  /** Notes that a key was used, unless that was noted within the hour. */
  saveLastUsed(keyId: string, atMs: number): Promise<void>;
}

const columns = {
  id: apiKey.id,
  name: apiKey.name,
  start: apiKey.start,
  createdAtMs: apiKey.createdAtMs,
  lastUsedAtMs: apiKey.lastUsedAtMs,
};

/** Counts and writes at once: of keys that are made at the same time none is one too many, and so on no list. */
const CREATE_STATEMENT = `
  insert into api_key (id, user_id, organization_id, name, start, hash, created_at_ms)
  select ?1, ?2, ?3, ?4, ?5, ?6, ?7
  where (
    select count(*) from api_key where user_id = ?2 and organization_id = ?3 and revoked_at_ms is null
  ) < ?8`;

const ownedBy = (owner: KeyOwner) =>
  and(
    eq(apiKey.userId, owner.userId),
    eq(apiKey.organizationId, owner.organizationId),
    isNull(apiKey.revokedAtMs),
  );

export function createApiKeyStore(database: Database, source: IdSource): ApiKeyStore {
  const list = (owner: KeyOwner): Promise<readonly ApiKeyRecord[]> =>
    database
      .select(columns)
      .from(apiKey)
      .where(ownedBy(owner))
      .orderBy(desc(apiKey.createdAtMs), desc(apiKey.id))
      .limit(MAX_KEYS_PER_USER);

  return {
    list,
    create: (owner, name) => createApiKey(database, source, owner, name),
    async revoke(owner, keyId) {
      const revoked = await database
        .update(apiKey)
        .set({ revokedAtMs: source.nowMs() })
        .where(and(eq(apiKey.id, keyId), ownedBy(owner)))
        .returning({ id: apiKey.id });
      return revoked.length > 0;
    },
    async findByHash(hash) {
      const rows = await database
        .select({
          id: apiKey.id,
          userId: apiKey.userId,
          organizationId: apiKey.organizationId,
          lastUsedAtMs: apiKey.lastUsedAtMs,
        })
        .from(apiKey)
        .innerJoin(
          membership,
          and(eq(membership.userId, apiKey.userId), eq(membership.organizationId, apiKey.organizationId)),
        )
        .where(and(eq(apiKey.hash, hash), isNull(apiKey.revokedAtMs)))
        .limit(1);
      const row = rows[0];
      if (row === undefined) return null;
      return {
        principal: {
          kind: "api-key",
          keyId: row.id,
          userId: UserIdText.parse(row.userId),
          organizationId: OrganizationIdText.parse(row.organizationId),
          role: "member",
        },
        lastUsedAtMs: row.lastUsedAtMs,
      };
    },
    async saveLastUsed(keyId, atMs) {
      const stale = or(isNull(apiKey.lastUsedAtMs), lt(apiKey.lastUsedAtMs, atMs - LAST_USED_RESOLUTION_MS));
      await database
        .update(apiKey)
        .set({ lastUsedAtMs: atMs })
        .where(and(eq(apiKey.id, keyId), stale));
    },
  };
}

async function createApiKey(
  database: Database,
  source: IdSource,
  owner: KeyOwner,
  name: string,
): ReturnType<ApiKeyStore["create"]> {
  const key = newApiKey(source);
  const record = {
    id: newId("key", source),
    name,
    start: toKeyStart(key),
    createdAtMs: source.nowMs(),
    lastUsedAtMs: null,
  };
  const { meta } = await database.$client
    .prepare(CREATE_STATEMENT)
    .bind(
      record.id,
      owner.userId,
      owner.organizationId,
      name,
      record.start,
      hashSecret(key),
      record.createdAtMs,
      MAX_KEYS_PER_USER,
    )
    .run();
  return meta.changes === 0 ? fail("too-many-keys") : succeed({ record, key });
}
