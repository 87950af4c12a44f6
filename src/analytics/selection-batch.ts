/** Cuts records into JSON arrays that D1 takes as one bound text each, and says which chats they touch. Pure. */
import type { SelectionRecord } from "../protocol/selection.ts";

/** D1 refuses a bound text above 2 MB; half of it leaves room for characters that take several bytes. */
export const MAX_BATCH_CHARACTERS = 500_000;

/** Records and their JSON: what came as a text goes into the database as that text. */
export interface WrittenRecords {
  readonly records: readonly SelectionRecord[];
  /** One object for each of them, in their order, with commas between. */
  readonly items: string;
}

export interface InsertBatch {
  /** The records as a JSON array. */
  readonly json: string;
  readonly records: readonly SelectionRecord[];
}

export function toWritten(record: SelectionRecord): WrittenRecords {
  return { records: [record], items: JSON.stringify(record) };
}

/** The records in order, each batch of at most 500,000 characters unless a single text is longer. */
export function toInsertBatches(texts: readonly WrittenRecords[]): readonly InsertBatch[] {
  const batches: InsertBatch[] = [];
  let open: WrittenRecords[] = [];
  let characters = 0;
  const close = (): void => {
    if (open.length > 0) {
      const json = `[${open.map(({ items }) => items).join(",")}]`;
      batches.push({ json, records: open.flatMap(({ records }) => records) });
    }
    open = [];
    characters = 0;
  };
  for (const text of texts) {
    if (text.records.length === 0) continue;
    if (characters + text.items.length > MAX_BATCH_CHARACTERS) close();
    open.push(text);
    characters += text.items.length;
  }
  close();
  return batches;
}

/** When each chat among them was answered last, as a JSON array; null where none is a chat's. */
export function toTouchedChats(records: readonly SelectionRecord[]): string | null {
  const touched = new Map<string, { sessionId: string; organizationId: string; atMs: number }>();
  for (const { sessionId, organizationId, createdAt, durationMs } of records) {
    if (sessionId === null) continue;
    const atMs = Date.parse(createdAt) + durationMs;
    const key = `${organizationId} ${sessionId}`;
    if (atMs > (touched.get(key)?.atMs ?? 0)) touched.set(key, { sessionId, organizationId, atMs });
  }
  return touched.size === 0 ? null : JSON.stringify([...touched.values()]);
}
