/**
 * The selection log in D1 (schema/d1/selection.ts): written by the queue's consumer, read by console and analytics.
 * Rules HT28, HT29, HT35, HT36, AN60 to AN62.
 */
import { and, desc, eq, gt, gte, lt, lte, or, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { z } from "zod";
import { selection } from "../../schema/d1/selection.ts";
import type { Database } from "../auth/store/database.ts";
import { parseJson } from "../base/parse-json.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { SelectionRecord } from "../protocol/selection.ts";
import { parsePageCursor, toPageCursor, type PageCursor } from "./page-cursor.ts";
import { toInsertBatches, toTouchedChats, toWritten, type WrittenRecords } from "./selection-batch.ts";
import type { CountedSelections } from "./summarize.ts";

export interface SelectionFilter {
  /** Null: those of every organization (for an admin). */
  readonly organizationId: string | null;
  readonly sinceMs?: number | undefined;
  readonly provider?: string | undefined;
  readonly status?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface SelectionPage {
  readonly selections: readonly SelectionRecord[];
  readonly nextCursor: string | null;
}

export interface SelectionStore {
  /**
   * Writes records, each once: an id that is already there is left alone. In the same transaction the chats they
   * belong to move up in their owner's list, never down. Returns how many were new.
   */
  insertSelections(records: readonly SelectionRecord[]): Promise<number>;
  /** As `insertSelections`, for records whose JSON is there already. */
  insertWritten(texts: readonly WrittenRecords[]): Promise<number>;
  /**
   * Newest first; `limit` is at most 200. A page of a provider's, or of one end, may have fewer, or none, although there
   * are more: it looks through `LOOKED_THROUGH` of all at the most, and its cursor goes on behind those.
   */
  list(
    filter: SelectionFilter,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Result<SelectionPage, "invalid-cursor">>;
  read(organizationId: string | null, id: string): Promise<SelectionRecord | null>;
  /** What is counted of the newest selections since a time, newest first; `limit` is at most 5,000. */
  readCounted(filter: {
    organizationId: string | null;
    sinceMs: number;
    limit: number;
  }): Promise<CountedSelections>;
}

/**
 * No index has providers or ends: each would cost a written row for every record, and where matches are rare whoever
 * asked for them would hold up everybody while a log of any size is walked. D1 answers one query at a time.
 */
export const LOOKED_THROUGH = 5_000;

export function createSelectionStore(database: Database): SelectionStore {
  return {
    insertSelections: (records) => insertWritten(database, records.map(toWritten)),
    insertWritten: (texts) => insertWritten(database, texts),
    async list(filter, { limit, cursor }) {
      const after = cursor === undefined ? null : parsePageCursor(cursor);
      if (after !== null && !after.ok) return fail(after.error);
      const within = and(isWithin(filter), after === null ? undefined : isBeyond(after.value));
      const last = isSearch(filter) ? await findLastLookedThrough(database, within) : null;
      const rows = await database
        .select()
        .from(selection)
        .where(and(within, isMatch(filter), last === null ? undefined : isDownTo(last)))
        .orderBy(desc(selection.createdAtMs), desc(selection.id))
        .limit(limit + 1);
      const shown = rows.slice(0, limit);
      const lastShown = shown.at(-1);
      const end =
        rows.length > limit && lastShown !== undefined
          ? { atMs: lastShown.createdAtMs, id: lastShown.id }
          : last;
      return succeed({
        selections: shown.map(fromRow),
        nextCursor: end === null ? null : toPageCursor(end),
      });
    },
    async read(organizationId, id) {
      const rows = await database
        .select()
        .from(selection)
        .where(and(eq(selection.id, id), isWithin({ organizationId })))
        .limit(1);
      return rows[0] === undefined ? null : fromRow(rows[0]);
    },
    async readCounted({ limit, ...filter }) {
      const rows = await database
        .select({
          provider: selection.provider,
          model: selection.model,
          intent: selection.intent,
          mode: selection.mode,
          status: selection.status,
          affinity: selection.affinity,
          firstTokenMs: selection.firstTokenMs,
          inputTokens: selection.inputTokens,
          outputTokens: selection.outputTokens,
          costMicroUsd: selection.costMicroUsd,
        })
        .from(selection)
        .where(isWithin(filter))
        .orderBy(desc(selection.createdAtMs), desc(selection.id))
        .limit(limit + 1);
      return { selections: rows.slice(0, limit), limited: rows.length > limit };
    },
  };
}

/** The decisions of one request are a handful. */
const isSearch = ({ provider, status, requestId }: SelectionFilter): boolean =>
  requestId === undefined && (provider !== undefined || status !== undefined);

/** Where a search of one page ends; null where there is no more than it may look through. */
async function findLastLookedThrough(
  database: Database,
  within: SQL | undefined,
): Promise<PageCursor | null> {
  const [last] = await database
    .select({ atMs: selection.createdAtMs, id: selection.id })
    .from(selection)
    .where(within)
    .orderBy(desc(selection.createdAtMs), desc(selection.id))
    .limit(1)
    .offset(LOOKED_THROUGH - 1);
  return last ?? null;
}

/** The first comparison alone tells SQLite where in the index to begin: it would walk there from the newest for the others. */
const isBeyond = ({ atMs, id }: PageCursor): SQL | undefined =>
  and(lte(selection.createdAtMs, atMs), or(lt(selection.createdAtMs, atMs), lt(selection.id, id)));

const isDownTo = ({ atMs, id }: PageCursor): SQL | undefined =>
  and(gte(selection.createdAtMs, atMs), or(gt(selection.createdAtMs, atMs), gte(selection.id, id)));

/** The plus keeps SQLite from walking a whole organization where the request's own index finds a handful of rows. */
function toOwner(organizationId: string | null, byRequest: boolean): SQL | undefined {
  if (organizationId === null) return undefined;
  return byRequest
    ? sql`+${selection.organizationId} = ${organizationId}`
    : eq(selection.organizationId, organizationId);
}

/** What an index holds, in order. */
function isWithin({ organizationId, sinceMs, requestId }: SelectionFilter): SQL | undefined {
  return and(
    requestId === undefined ? undefined : eq(selection.requestId, requestId),
    toOwner(organizationId, requestId !== undefined),
    sinceMs === undefined ? undefined : gte(selection.createdAtMs, sinceMs),
  );
}

/** What has to be looked for among those. */
function isMatch({ provider, status }: SelectionFilter): SQL | undefined {
  return and(
    provider === undefined ? undefined : eq(selection.provider, provider),
    status === undefined ? undefined : eq(selection.status, status),
  );
}

/**
 * One bound text for many rows: D1 takes 100 bound values in a statement, and a row here has 26. Without `materialized`
 * SQLite would make each record's text anew for each of them. Days since -4713 keep a millisecond through a double.
 * `where true` keeps it from reading `on conflict` as part of the join.
 */
const INSERT_STATEMENT = `
  with record as materialized (select value from json_each(?1))
  insert into selection (
    id, request_id, organization_id, user_id, session_id, turn_id, created_at_ms, mode, intent, status, provider,
    model, affinity, first_token_ms, duration_ms, input_tokens, cached_input_tokens, cache_write_tokens,
    output_tokens, reasoning_tokens, cost_micro_usd, sandbox, requested, candidates, decision,
    attempts
  )
  select
    value ->> '$.id', value ->> '$.requestId', value ->> '$.organizationId', value ->> '$.userId',
    value ->> '$.sessionId', value ->> '$.turnId',
    cast(round((julianday(value ->> '$.createdAt') - 2440587.5) * 86400000) as integer), value ->> '$.mode',
    value ->> '$.intent', value ->> '$.status', value ->> '$.provider', value ->> '$.model',
    value ->> '$.affinity', value ->> '$.firstTokenMs', value ->> '$.durationMs',
    value ->> '$.usage.inputTokens', value ->> '$.usage.cachedInputTokens', value ->> '$.usage.cacheWriteTokens',
    value ->> '$.usage.outputTokens', value ->> '$.usage.reasoningTokens', value ->> '$.costMicroUsd',
    value ->> '$.sandbox', value -> '$.requested', value -> '$.candidates',
    value -> '$.decision', value -> '$.attempts'
  from record
  where true
  on conflict do nothing`;

/** Redelivery and reordering can bring an older time later: the chat only ever moves up. */
const TOUCH_STATEMENT = `
  update chat set updated_at_ms = touched.at_ms
  from (
    select value ->> '$.sessionId' as session_id, value ->> '$.organizationId' as organization_id,
      value ->> '$.atMs' as at_ms
    from json_each(?1)
  ) as touched
  where chat.id = touched.session_id and chat.organization_id = touched.organization_id
    and chat.updated_at_ms < touched.at_ms`;

async function insertWritten(database: Database, texts: readonly WrittenRecords[]): Promise<number> {
  const client = database.$client;
  let inserted = 0;
  for (const batch of toInsertBatches(texts)) {
    const touched = toTouchedChats(batch.records);
    const [written] = await client.batch([
      client.prepare(INSERT_STATEMENT).bind(batch.json),
      // Most of what comes are calls without a chat: they are not looked through once more.
      ...(touched === null ? [] : [client.prepare(TOUCH_STATEMENT).bind(touched)]),
    ]);
    inserted += written?.meta.changes ?? 0;
  }
  return inserted;
}

/** JSON text of a column; what it holds is checked with the rest of the record. */
const JsonText = z.string().transform((text, context): unknown => {
  const json = parseJson(text);
  if (json.ok) return json.value;
  context.addIssue({ code: "custom", message: "not JSON" });
  return z.NEVER;
});
const JsonColumns = z.object({
  requested: JsonText,
  candidates: JsonText,
  decision: JsonText.nullable(),
  attempts: JsonText,
});

function fromRow(row: typeof selection.$inferSelect): SelectionRecord {
  return SelectionRecord.parse({
    ...row,
    ...JsonColumns.parse(row),
    createdAt: new Date(row.createdAtMs).toISOString(),
    usage: {
      inputTokens: row.inputTokens,
      cachedInputTokens: row.cachedInputTokens,
      cacheWriteTokens: row.cacheWriteTokens,
      outputTokens: row.outputTokens,
      reasoningTokens: row.reasoningTokens,
    },
  });
}
