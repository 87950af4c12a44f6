/** Cuts records into JSON arrays that D1 takes as one bound text each. */
import type { SelectionRecord } from "../protocol/selection.ts";

/** D1 refuses a bound text above 2 MB; half of it leaves room for characters that take several bytes. */
export const MAX_BATCH_CHARACTERS = 500_000;

/** JSON arrays of the records, in order, each at most 500,000 characters unless a single record is longer. */
export function toInsertBatches(records: readonly SelectionRecord[]): readonly string[] {
  const batches: string[] = [];
  let items: string[] = [];
  let characters = 0;
  const close = (): void => {
    if (items.length > 0) batches.push(`[${items.join(",")}]`);
    items = [];
    characters = 0;
  };
  for (const record of records) {
    const item = JSON.stringify({ ...record, createdAtMs: Date.parse(record.createdAt) });
    if (characters + item.length > MAX_BATCH_CHARACTERS) close();
    items.push(item);
    characters += item.length;
  }
  close();
  return batches;
}
