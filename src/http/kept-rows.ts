/**
 * Rows of D1 that an organization keeps for a time: its oldest make room, nobody else's, and what is over is removed in bounded
 * steps. Every statement names the organization. A table for it has `organization_id` and the key's column as its key, the
 * value's column, `created_at_ms`, `expires_at_ms` and `position`. Rules HT147, HT148, HT198.
 */
import type { Database } from "../auth/store/database.ts";

/** A row takes room of its own, however short what it holds: it bounds how many rows an organization has. */
const LEAST_ROW_BYTES = 2_000;

/** Names of our own, never of a caller's: they become part of the statements. */
export interface KeptTable {
  readonly table: string;
  readonly key: string;
  readonly value: string;
  /** What an organization keeps at the most. */
  readonly maxOrganizationBytes: number;
}

export interface KeptRow {
  readonly organizationId: string;
  readonly key: string;
  readonly value: string;
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface KeptRows {
  /** Takes the place of what was kept under this key; the organization's oldest rows make room. */
  save(row: KeptRow): Promise<void>;
  /** How many rows were removed, at most `limit`. */
  deleteExpired(nowMs: number, limit: number): Promise<number>;
}

export function openKeptRows({ $client }: Database, kept: KeptTable): KeptRows {
  const { table, key: keyColumn, value: valueColumn, maxOrganizationBytes } = kept;
  const newest = `(select max(position) from ${table} where organization_id = ?1)`;
  const saveStatement = `
    insert into ${table} (organization_id, ${keyColumn}, ${valueColumn}, created_at_ms, expires_at_ms, position)
    values (?1, ?2, ?3, ?4, ?5, ?6 + coalesce(${newest}, 0))
    on conflict (organization_id, ${keyColumn}) do update set ${valueColumn} = excluded.${valueColumn},
      created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms, position = excluded.position`;
  const makeRoomStatement = `
    delete from ${table} where organization_id = ?1 and position <= ${newest} - ?2`;
  const expireStatement = `
    delete from ${table}
    where rowid in (select rowid from ${table} where expires_at_ms <= ?1 order by expires_at_ms limit ?2)`;
  return {
    async save({ organizationId, key, value, bytes, createdAtMs, expiresAtMs }) {
      const weight = Math.max(bytes, LEAST_ROW_BYTES);
      await $client.batch([
        $client.prepare(saveStatement).bind(organizationId, key, value, createdAtMs, expiresAtMs, weight),
        $client.prepare(makeRoomStatement).bind(organizationId, maxOrganizationBytes),
      ]);
    },
    async deleteExpired(nowMs, limit) {
      const { meta } = await $client.prepare(expireStatement).bind(nowMs, limit).run();
      return meta.changes;
    },
  };
}
