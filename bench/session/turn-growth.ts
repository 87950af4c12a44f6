/** What a short turn takes in a chat that is long already: the same turns in chats of different lengths. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { medianOf } from "../measure.ts";
import { BreakwaterChat, type BreakwaterServer } from "./breakwater-system.ts";
import { takeCounts } from "./counts.ts";

const TURNS = 12;
/** What the chat is filled with: an answer of this length to each question. */
const COPIED_TURN = { words: 40, durationMs: 0, held: false };
const SHORT_TURN = { words: 5, durationMs: 0, held: false };
const SETTLE_MS = 2_000;

export interface TurnInLongChat {
  readonly messages: number;
  readonly turnP50Ms: number;
  /** Of the chat's object, for one turn. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Processor time of workerd for one turn, milliseconds; null where the system does not tell it. */
  readonly cpuMs: number | null;
  /** From the request for a socket to the chat as it stands. */
  readonly helloMs: number;
}

const Size = z.object({ messages: z.number() });

/** `server` is the product behind the entry that counts and fills. */
export async function measureTurnInLongChat(
  server: BreakwaterServer,
  messages: number,
): Promise<TurnInLongChat> {
  const chat = await BreakwaterChat.create(server, "live");
  await chat.connect();
  await chat.ask(COPIED_TURN);
  chat.close();
  const filled = await fetch(`${server.url}/bench/fill?session=${chat.sessionId}&messages=${messages}`);
  const size = Size.parse(await filled.json());
  if (size.messages !== messages)
    throw new Error(`a chat of ${size.messages} messages instead of ${messages}`);
  await chat.connect();
  const helloMs = chat.helloMs ?? 0;
  await chat.ask(SHORT_TURN);
  await sleep(SETTLE_MS);
  await takeCounts(server.url);
  const cpuBeforeMs = await server.readCpuMs();
  const timesMs: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) timesMs.push((await chat.ask(SHORT_TURN)).durationMs);
  const cpuAfterMs = await server.readCpuMs();
  await sleep(SETTLE_MS);
  const counts = await takeCounts(server.url);
  chat.close();
  return {
    messages,
    turnP50Ms: medianOf(timesMs),
    rowsRead: counts.chatRowsRead / TURNS,
    rowsWritten: counts.chatRowsWritten / TURNS,
    cpuMs: cpuBeforeMs === null || cpuAfterMs === null ? null : (cpuAfterMs - cpuBeforeMs) / TURNS,
    helloMs,
  };
}
