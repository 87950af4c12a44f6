/**
 * Keeps what a response was made of, before its end is told: the call that names its items comes at once. Rules HT196,
 * HT198.
 */
import { describeError } from "../../../../auth/store/describe-error.ts";
import type { Clock } from "../../../../base/clock.ts";
import type { Log } from "../../../../base/log.ts";
import { countBytes } from "../../../door/cache/stored-answer.ts";
import type { Answer } from "../../../door/open-answer.ts";
import type { ResponseWriter } from "../response-writer.ts";
import type { ResponseItemStore } from "./store.ts";

/** A day: as long as a kept answer to an `Idempotency-Key`. */
export const KEPT_FOR_MS = 86_400_000;
/** JSON of one response's items. An answer of a model is a hundredth of it; what is larger is sent in full. */
export const MAX_ITEMS_BYTES = 262_144;
/** Nobody waits longer for the end of an answer because of it. The row may still come. */
const MAX_WAIT_MS = 1_000;

export interface KeepItemsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly responseItems: ResponseItemStore;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface ItemsPlace {
  readonly organizationId: string;
  readonly stem: string;
}

/** The same answer; when it came to its end, its items are kept before that is said. */
export async function* keepSaid(
  deps: KeepItemsDeps,
  place: ItemsPlace,
  writer: Pick<ResponseWriter, "listSaid">,
  answer: Answer,
): Answer {
  const outcome = yield* answer;
  if (outcome.end.status === "complete") await keepItems(deps, place, writer.listSaid(outcome.end));
  return outcome;
}

/** Never fails: an answer that nobody can refer to is still an answer. */
export async function keepItems(
  deps: KeepItemsDeps,
  place: ItemsPlace,
  items: readonly object[],
): Promise<void> {
  const text = JSON.stringify(items);
  const bytes = countBytes(text);
  if (items.length === 0 || bytes > MAX_ITEMS_BYTES) return;
  const createdAtMs = deps.clock.nowMs();
  const expiresAtMs = createdAtMs + KEPT_FOR_MS;
  const saving = save(deps, { ...place, items: text, bytes, createdAtMs, expiresAtMs });
  deps.waitUntil(saving);
  const giveUp = new AbortController();
  await Promise.race([saving, deps.clock.sleep(MAX_WAIT_MS, giveUp.signal)]);
  giveUp.abort();
}

async function save(
  { log, responseItems }: KeepItemsDeps,
  entry: Parameters<ResponseItemStore["save"]>[0],
): Promise<void> {
  try {
    await responseItems.save(entry);
  } catch (error) {
    log.write("warn", "background_failed", { task: "response-items-save", error: describeError(error) });
  }
}
