/** The items that a request names instead of sending them. Rule HT197. */
import { z } from "zod";
import { fail, succeed, type Result } from "../../../../base/result.ts";
import {
  ResponseInputItem,
  type ItemReference,
  type ResponseRequest,
} from "../../../../protocol/openai-responses.ts";
import { MAX_MODEL_CALL_BYTES } from "../../../body.ts";
import type { CallMistake } from "../../../door/wire-writer.ts";
import { parseItemStem } from "../response-id.ts";
import type { ResponseItemStore } from "./store.ts";

/** In one request; a conversation that is longer is sent in full. */
export const MAX_REFERENCES = 1_000;

/** By their ids. */
export type NamedItems = ReadonlyMap<string, ResponseInputItem>;
export const NO_ITEMS: NamedItems = new Map();

export interface FindItemsDeps {
  readonly clock: { nowMs(): number };
  readonly responseItems: Pick<ResponseItemStore, "find">;
}

/** One query, whatever the request names. What is not there is missing in the map; whoever needs it says so. */
export async function findItems(
  { clock, responseItems }: FindItemsDeps,
  organizationId: string,
  input: ResponseRequest["input"],
): Promise<Result<NamedItems, CallMistake>> {
  const ids = readNamedIds(input);
  if (!ids.ok) return ids;
  const stems = [...new Set([...ids.value].flatMap((id) => parseItemStem(id) ?? []))];
  if (stems.length === 0) return succeed(NO_ITEMS);
  const nowMs = clock.nowMs();
  const texts = await responseItems.find({ organizationId, stems, nowMs, maxBytes: MAX_MODEL_CALL_BYTES });
  if (texts === null) {
    return refuse(
      "input",
      `the items that it names belong to responses of more than ${MAX_MODEL_CALL_BYTES} bytes together; send fewer`,
    );
  }
  return succeed(readItems(texts, ids.value));
}

/** Each is one item, so none may be named twice: a short request would become a long one. */
export function readNamedIds(input: ResponseRequest["input"]): Result<ReadonlySet<string>, CallMistake> {
  const ids = new Set<string>();
  if (typeof input === "string") return succeed(ids);
  for (const [index, item] of input.entries()) {
    if (item.type !== "item_reference") continue;
    if (ids.has(item.id)) return refuse(`input.${index}`, `the item ${item.id} is named twice`);
    ids.add(item.id);
  }
  if (ids.size <= MAX_REFERENCES) return succeed(ids);
  return refuse("input", `names at most ${MAX_REFERENCES} items; send the others in full`);
}

const KeptItems = z.array(z.looseObject({ id: z.string() }));

/** Of the rows the items that were asked for, in the shape of one that is sent; what has another shape counts as none. */
export function readItems(texts: readonly string[], ids: ReadonlySet<string>): NamedItems {
  const found = new Map<string, ResponseInputItem>();
  for (const text of texts) {
    for (const kept of KeptItems.parse(JSON.parse(text))) {
      if (!ids.has(kept.id)) continue;
      const item = ResponseInputItem.safeParse(kept);
      if (item.success) found.set(kept.id, item.data);
    }
  }
  return found;
}

/** What to say of one that is not there: gone, never kept and somebody else's are the same. */
export function toUnknownItem({ id }: ItemReference): string {
  return `there is no item ${id.slice(0, 100)}; items are kept for 24 hours at the most. Send the item itself, as clients do with store: false`;
}

function refuse(param: string, complaint: string): Result<never, CallMistake> {
  return fail({ code: "invalid-request", param, message: `${param}: ${complaint}.` });
}
