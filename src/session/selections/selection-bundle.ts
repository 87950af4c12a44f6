/**
 * PERSISTED: many selection records in one message of the queue, as the JSON text of an array. A message is billed by
 * every 64 KB of it, however little is in them, and a text is handed on as it is. For records without a chat; those of a
 * chat come one by one, with its name (selection-message.ts). Rule HT173.
 */
import { z } from "zod";
import { parseJson } from "../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { toWritten, type WrittenRecords } from "../../analytics/selection-batch.ts";
import { SelectionRecord } from "../../protocol/selection.ts";

/** What the platform bills as one operation; it takes messages of twice that size. */
const MAX_BUNDLE_BYTES = 64_000;
/** Of one call to the queue, which takes 256 KB. */
const MAX_CALL_BYTES = 192_000;

export interface Bundle {
  readonly text: string;
  readonly records: readonly SelectionRecord[];
}

const encoder = new TextEncoder();

/** In order; each no larger than 64 KB, unless a single record is. */
export function toBundles(records: readonly SelectionRecord[]): readonly Bundle[] {
  const items = records.map((record) => ({ record, text: JSON.stringify(record) }));
  return cut(items, MAX_BUNDLE_BYTES).map((part) => ({
    text: `[${part.map(({ text }) => text).join(",")}]`,
    records: part.map(({ record }) => record),
  }));
}

/** Those that go in one call to the queue. */
export function toCalls(bundles: readonly Bundle[]): readonly (readonly Bundle[])[] {
  return cut(bundles, MAX_CALL_BYTES);
}

function cut<Item extends { readonly text: string }>(items: readonly Item[], maxBytes: number): Item[][] {
  const parts: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    // One more for the comma or bracket.
    const itemBytes = encoder.encode(item.text).byteLength + 1;
    const part = parts.at(-1);
    if (part === undefined || bytes + itemBytes > maxBytes) {
      parts.push([item]);
      bytes = itemBytes;
    } else {
      part.push(item);
      bytes += itemBytes;
    }
  }
  return parts;
}

const Items = z.array(z.unknown());

export interface ReadBundle extends WrittenRecords {
  /** What is wrong with the first one that is no record; null when all are. */
  readonly mistake: string | null;
}

/** The error says what is wrong with the whole text. */
export function readBundle(text: string): Result<ReadBundle, string> {
  const given = parseJson(text);
  if (!given.ok) return fail("the text is not JSON");
  const array = Items.safeParse(given.value);
  if (!array.success) return fail("the text is not an array");
  const records: SelectionRecord[] = [];
  let mistake: string | null = null;
  for (const item of array.data) {
    const record = SelectionRecord.safeParse(item);
    if (record.success) records.push(record.data);
    else mistake ??= record.error.issues[0]?.message ?? "another shape";
  }
  // All of them are good: between its brackets the text is theirs.
  const items =
    mistake === null ? text.trim().slice(1, -1) : records.map((record) => toWritten(record).items).join(",");
  return succeed({ records, items, mistake });
}
