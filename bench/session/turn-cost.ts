/**
 * What a turn of fifteen seconds costs at list prices: what it is billed for is counted while some chats answer side by
 * side, and again while they answer in a word, so that what a turn leaves for the next one to clear away counts as its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { medianOf } from "../measure.ts";
import type { BenchChat, TurnTimes } from "./chat-system.ts";
import { combineCounts, takeCounts, type Counts } from "./counts.ts";
import { LIST_PRICES } from "./list-prices.ts";

const CHATS = 4;
const LONG_TURN = { words: 800, durationMs: 15_000, held: false };
const SHORT_TURN = { words: 1, durationMs: 0, held: false };
/** Until reports, queue and alarms of a turn have run: longer than the queue's batches are held. */
const SETTLE_MS = 6_500;

/** US dollars for a million turns. */
export interface CostParts {
  readonly duration: number;
  readonly objectRequests: number;
  readonly workerRequests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly queue: number;
}

export interface TurnCost {
  /** For one turn. */
  readonly counts: Counts;
  readonly turnMs: number;
  readonly parts: CostParts;
  readonly usdPerMillionTurns: number;
}

/** `url` is that of a Worker that counts. */
export async function measureTurnCost(url: string, openChat: () => Promise<BenchChat>): Promise<TurnCost> {
  const chats = await Promise.all(Array.from({ length: CHATS }, openChat));
  const run = async (plan: typeof LONG_TURN): Promise<{ counts: Counts; times: TurnTimes[] }> => {
    await takeCounts(url);
    const times = await Promise.all(chats.map((chat) => chat.ask(plan)));
    await sleep(SETTLE_MS);
    return { counts: await takeCounts(url), times };
  };
  // The first makes tables and names the chat.
  await run(SHORT_TURN);
  const short = await run(SHORT_TURN);
  const long = await run(LONG_TURN);
  const shortAfterLong = await run(SHORT_TURN);
  for (const chat of chats) chat.close();
  const leftBehind = combineCounts(shortAfterLong.counts, short.counts, (after, before) => after - before);
  const counts = combineCounts(long.counts, leftBehind, (own, left) => (own + left) / CHATS);
  return toTurnCost(counts, medianOf(long.times.map(({ durationMs }) => durationMs)));
}

function toTurnCost(counts: Counts, turnMs: number): TurnCost {
  const million = 1_000_000;
  const prices = LIST_PRICES;
  // The socket is opened anew for every turn, which is more than most turns need: a request of the Worker and the object.
  const objectRequests = 1 + counts.objectRequests + counts.socketMessages / prices.socketMessagesPerRequest;
  const parts = {
    duration: million * (turnMs / 1_000) * prices.objectGb * prices.objectGbSecond,
    objectRequests: million * objectRequests * prices.objectRequest,
    workerRequests: million * prices.workerRequest,
    rowsWritten: million * (counts.rowsWritten + counts.databaseRowsWritten) * prices.rowWritten,
    rowsRead: million * (counts.rowsRead + counts.databaseRowsRead) * prices.rowRead,
    queue: million * counts.queueMessages * prices.queueOperationsPerMessage * prices.queueOperation,
  };
  const usdPerMillionTurns = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { counts, turnMs, parts, usdPerMillionTurns };
}
