/** The selections page's rows: stored records, and before they are stored what the live socket told of them. Pure. */
import type { SelectionTail } from "../../src/protocol/circuit.ts";
import type { SelectionRecord } from "../../src/protocol/selection.ts";
import type { SelectionFilter } from "../api.ts";

export interface SelectionEntry {
  readonly tail: SelectionTail;
  /** Null until the record has been stored and read. */
  readonly record: SelectionRecord | null;
}

function toTail(record: SelectionRecord): SelectionTail {
  const { id, requestId, provider, model, status, intent, mode, firstTokenMs, costMicroUsd } = record;
  const atMs = Date.parse(record.createdAt);
  return {
    id,
    requestId,
    atMs,
    provider,
    model,
    status,
    intent,
    mode,
    firstTokenMs,
    costMicroUsd,
    attempts: record.attempts.length,
  };
}

function passes(tail: SelectionTail, filter: SelectionFilter): boolean {
  return (
    (filter.provider === "" || tail.provider === filter.provider) &&
    (filter.status === "" || tail.status === filter.status) &&
    (filter.requestId === "" || tail.requestId === filter.requestId)
  );
}

/**
 * Newest first and each selection once: the record where there is one. What came live and is older than the oldest
 * record is left out while there are older pages: it would stand in the wrong place.
 */
export function toEntries(
  records: readonly SelectionRecord[],
  live: readonly SelectionTail[],
  filter: SelectionFilter,
  hasOlder: boolean,
): SelectionEntry[] {
  // Filtered here too: while another filter's rows are on their way, those of the last one are still at hand.
  const stored = records
    .map((record): SelectionEntry => ({ tail: toTail(record), record }))
    .filter(({ tail }) => passes(tail, filter));
  const known = new Set(records.map(({ id }) => id));
  const oldestMs = hasOlder ? Math.min(...stored.map(({ tail }) => tail.atMs)) : Number.NEGATIVE_INFINITY;
  const coming = live
    .filter((tail) => !known.has(tail.id) && passes(tail, filter) && tail.atMs >= oldestMs)
    .map((tail): SelectionEntry => ({ tail, record: null }));
  return [...coming, ...stored].toSorted((a, b) => b.tail.atMs - a.tail.atMs);
}
