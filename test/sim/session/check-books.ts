/**
 * Every call in the providers' books against the records that reached the queue and the receipts under the answers.
 * What a crash took with the memory of the object is the only thing that may be missing. Rules SM37, SM38.
 */
import { isDeepStrictEqual } from "node:util";
import type { SelectionAttempt, SelectionRecord } from "../../../src/protocol/selection.ts";
import type { TurnRow } from "../../../src/session/rows.ts";
import type { StoredChat } from "./session-invariants.ts";
import type { SessionWorld } from "./session-world.ts";
import type { BookedCall } from "./sim-model.ts";

export function checkBooks(world: SessionWorld, chat: StoredChat): string[] {
  const records = new Map<string, SelectionRecord>();
  const breaches: string[] = [];
  for (const { record } of world.queue.taken) {
    const known = records.get(record.id);
    if (known !== undefined && !isDeepStrictEqual(known, record))
      breaches.push(`[SM38] ${record.id} has two records`);
    records.set(record.id, record);
  }
  const bySelection = new Map<string, BookedCall[]>();
  for (const call of world.books) {
    const known = bySelection.get(call.selectionId);
    if (known === undefined) bySelection.set(call.selectionId, [call]);
    else known.push(call);
  }
  for (const turn of chat.turns) {
    const own = [...records.values()].filter(({ turnId }) => turnId === turn.turnId);
    const calls = world.books.filter(({ turnId }) => turnId === turn.turnId);
    const lastLife = world.ledger.endedIn.get(turn.turnId) ?? 0;
    breaches.push(...checkTurnBooks(turn, own, calls, lastLife), ...checkLegs(turn, own, calls, chat));
  }
  for (const [selectionId, calls] of bySelection) {
    if (calls.every(({ turnId }) => turnId !== null)) continue;
    const isLost = calls.some(({ life }) => world.object.crashedLives.has(life));
    breaches.push(...checkUpkeepBooks(selectionId, records.get(selectionId), calls, isLost));
  }
  return breaches;
}

/**
 * One record for each step, and one more where a crash ended the turn behind one. The life that wrote a record knew of
 * its own calls exactly; of earlier ones what was stored of their words.
 */
function checkTurnBooks(
  turn: TurnRow,
  records: readonly SelectionRecord[],
  calls: readonly BookedCall[],
  lastLife: number,
): string[] {
  const { turnId, status } = turn;
  const breaches: string[] = [];
  if (!records.some(({ id }) => id === turn.selectionId)) breaches.push(`[SM38] ${turnId} has no record`);
  // A step may fail without a word; what the steps before it have said makes the turn incomplete.
  const isLike = (own: string): boolean => own === status || (own === "failed" && status === "incomplete");
  if (!records.some((record) => isLike(record.status)))
    breaches.push(`[SM38] the records of ${turnId} say ${records.map((each) => each.status).join()}`);
  const recorded = new Set(records.map(({ id }) => id));
  for (const { selectionId, life } of calls) {
    if (life === lastLife && !recorded.has(selectionId))
      breaches.push(`[SM38] ${turnId} has no record of ${selectionId}`);
  }
  let interrupted = 0;
  for (const { id, attempts, costMicroUsd } of records) {
    const paid = attempts.reduce((sum, attempt) => sum + (attempt.costMicroUsd ?? 0), 0);
    if ((costMicroUsd ?? 0) < paid) breaches.push(`[SM37] ${id} costs ${costMicroUsd}, its calls ${paid}`);
    const own = attempts.filter(({ error }) => error?.startsWith("interrupted:") !== true);
    interrupted += attempts.length - own.length;
    const ofStep = calls.filter(({ selectionId }) => selectionId === id);
    // One that a crash ended has nothing but interrupted calls, and was written by the last life.
    const life = own.length === 0 ? lastLife : Math.max(...ofStep.map((call) => call.life));
    breaches.push(
      ...compareCalls(
        turnId,
        own,
        ofStep.filter((call) => call.life === life),
      ),
    );
  }
  const spoke = calls.filter((call) => call.spoke && call.life !== lastLife);
  if (interrupted > spoke.length)
    breaches.push(`[SM37] ${interrupted} calls of ${turnId} were interrupted, ${spoke.length} had spoken`);
  return breaches;
}

/** Legs are calls that gave words, in their order, each with its tokens; what a receipt costs is what the records cost. */
function checkLegs(
  turn: TurnRow,
  records: readonly SelectionRecord[],
  calls: readonly BookedCall[],
  { messages }: StoredChat,
): string[] {
  const receipt = messages.get(turn.messageId)?.metadata;
  if (receipt === undefined || receipt === null) return [];
  const breaches: string[] = [];
  const say = (text: string): void =>
    void breaches.push(`${text} (${turn.turnId}, ${turn.status}, generation ${turn.generation})`);
  let at = 0;
  for (const { provider, model, usage, costMicroUsd, estimated } of receipt.legs) {
    const found = calls.findIndex(
      (call, index) =>
        index >= at &&
        call.provider === provider &&
        call.model === model &&
        (estimated ? call.spoke : isDeepStrictEqual(usage, call.told)),
    );
    if (found === -1) say(`[SM37] the leg of ${provider}/${model}, ${JSON.stringify(usage)}, is in no book`);
    else at = found + 1;
    if (usage.outputTokens === null || costMicroUsd === null)
      say(`[SM37] the leg of ${provider}/${model} has no tokens or no cost`);
  }
  const ofLegs = receipt.legs.reduce((sum, leg) => sum + (leg.costMicroUsd ?? 0), 0);
  const ofRecords = records.reduce((sum, record) => sum + (record.costMicroUsd ?? 0), 0);
  const { costMicroUsd: cost } = receipt;
  if ((cost ?? 0) < ofLegs) say(`[SM37] the receipt costs ${cost}, its legs ${ofLegs}`);
  if ((cost ?? 0) !== ofRecords) say(`[SM37] the receipt costs ${cost}, its records ${ofRecords}`);
  const hasWords = messages.get(turn.messageId)?.parts.some((part) => part.type === "text") === true;
  if (hasWords && receipt.legs.length === 0) say("[SM37] words without a leg");
  return breaches;
}

/** Those of a title or a summary: the record holds them all, unless a crash took it. */
function checkUpkeepBooks(
  selectionId: string,
  record: SelectionRecord | undefined,
  calls: readonly BookedCall[],
  isLost: boolean,
): string[] {
  if (record !== undefined) return compareCalls(selectionId, record.attempts, calls);
  return isLost ? [] : [`[SM38] ${selectionId} has no record`];
}

function compareCalls(
  name: string,
  attempts: readonly SelectionAttempt[],
  calls: readonly BookedCall[],
): string[] {
  const ours = attempts.map(({ provider, model, usage }) => ({ provider, model, usage }));
  const theirs = calls.map(({ provider, model, told }) => ({ provider, model, usage: told }));
  if (isDeepStrictEqual(ours, theirs)) return [];
  const list = (all: readonly { provider: string; model: string; usage: unknown }[]): string =>
    all.map(({ provider, model, usage }) => `${provider}/${model} ${JSON.stringify(usage)}`).join("; ");
  return [`[SM37] the record of ${name} holds ${list(ours)}, the books ${list(theirs)}`];
}
