/**
 * The messages that the next summary of a path is to stand for: they begin right below what the one before stands for,
 * however far up that is, so that none is passed over. Rules SE77, SE135.
 */
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { isAnswer, isBeginning, toReadCharacters, toSummarise } from "./context.ts";
import type { SessionStore } from "../store/session-store.ts";

/** A summary is made of so many at a time; the next one goes on there. */
const MAX_MESSAGES = 200;
/** So far up it is looked for the summary before, by ids: what is further is left out of the next one, which says so. */
export const MAX_GAP_MESSAGES = 1_000;

export interface Unsummarised {
  readonly before: string | null;
  readonly hasGap: boolean;
  /** Oldest first, never none. */
  readonly messages: readonly [StoredMessage, ...StoredMessage[]];
  /** There is more that is due. */
  readonly hasMore: boolean;
}

/** Null while nothing is due. */
export function findUnsummarised(
  store: SessionStore,
  leafMessageId: string | null,
  budgetTokens: number,
): Unsummarised | null {
  const { paths } = store.messages;
  const stops = new Set(store.summaries.read().map(({ upToMessageId }) => upToMessageId));
  const maxCharacters = toReadCharacters(budgetTokens);
  const limits = { maxMessages: MAX_MESSAGES, maxCharacters, stopBelow: stops };
  const newest = paths.read(leafMessageId, [], limits).messages;
  const top = newest[0]?.parentId ?? null;
  const isReached = top === null || stops.has(top);
  const between = isReached ? [] : paths.readIdsUpwards(top, stops, MAX_GAP_MESSAGES).toReversed();
  const above = isReached ? top : (between[0]?.parentId ?? null);
  const before = store.summaries.findAbove(above);
  const older = readFirst(
    store,
    between.map(({ id }) => id),
    maxCharacters,
  );
  const next = between[older.length];
  const [first, ...others] =
    next === undefined
      ? endWithAnswer(older, toSummarise(newest, budgetTokens), newest[0] ?? null)
      : endWithAnswer(older, [], store.messages.find(next.id));
  if (first === undefined) return null;
  const hasGap = above !== null && above !== before?.upToMessageId;
  return { before: before?.body ?? null, hasGap, messages: [first, ...others], hasMore: next !== undefined };
}

/** The first of them, one at least: what is too long together waits for the next summary. */
function readFirst(store: SessionStore, ids: readonly string[], maxCharacters: number): StoredMessage[] {
  const messages: StoredMessage[] = [];
  let left = maxCharacters;
  for (const id of ids.slice(0, MAX_MESSAGES)) {
    const message = left > 0 ? store.messages.find(id) : null;
    if (message === null) break;
    messages.push(message);
    left -= JSON.stringify(message.parts).length;
  }
  return messages;
}

/** `due` ends well; where there is none of it, `older` is cut so that what is left begins with a question. */
function endWithAnswer(
  older: readonly StoredMessage[],
  due: readonly StoredMessage[],
  next: StoredMessage | null,
): readonly StoredMessage[] {
  if (due.length > 0) return [...older, ...due];
  const path = next === null ? older : [...older, next];
  const isEnd = (at: number): boolean => {
    const [last, behind] = [path[at - 1], path[at]];
    return last !== undefined && isAnswer(last) && behind !== undefined && isBeginning(behind);
  };
  for (let end = older.length; end > 0; end -= 1) if (isEnd(end)) return older.slice(0, end);
  // Nothing but calls of one question, and what they gave: never between a call and that.
  const calls = older.slice(0, Math.max(0, path.findLastIndex(isAnswer)));
  const last = calls.at(-1);
  // A question that stands alone before its answer is asked again when another answer is wanted.
  return last === undefined || isBeginning(last) ? [] : calls;
}
