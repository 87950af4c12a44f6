/** Many chats at once, each asking its next question when the last answer has ended: words a second over all of them. */
import { performance as clock, type EventLoopUtilization } from "node:perf_hooks";
import { medianOf } from "../measure.ts";
import type { ChatSystem, TurnTimes } from "./chat-system.ts";

export interface Workload {
  readonly chats: number;
  readonly turns: number;
  readonly words: number;
}

export interface Throughput {
  readonly wordsPerSecond: number;
  readonly turnP50Ms: number;
  readonly firstWordP50Ms: number;
  /** Processor time of workerd for a word, microseconds; null where the system does not tell it. */
  readonly cpuPerWordUs: number | null;
  /** How busy the clients' own event loop was, 0 to 1: near 1 it is they who are measured. */
  readonly clientBusy: number;
}

export function toWorkloadName({ chats, turns, words }: Workload): string {
  return `${chats} × ${turns} × ${words}`;
}

/** In new chats, whose sockets are open before the clock starts. */
export async function measureThroughput(system: ChatSystem, workload: Workload): Promise<Throughput> {
  const plan = { words: workload.words, durationMs: 0, held: false };
  const chats = await Promise.all(Array.from({ length: workload.chats }, () => system.openChat()));
  const cpuBeforeMs = await system.readCpuMs();
  const loopBefore: EventLoopUtilization = clock.eventLoopUtilization();
  const startedMs = clock.now();
  const times = await Promise.all(
    chats.map(async (chat) => {
      const own: TurnTimes[] = [];
      for (let turn = 0; turn < workload.turns; turn += 1) own.push(await chat.ask(plan));
      return own;
    }),
  );
  const durationMs = clock.now() - startedMs;
  const clientBusy = clock.eventLoopUtilization(loopBefore).utilization;
  const cpuAfterMs = await system.readCpuMs();
  for (const chat of chats) chat.close();
  const turns = times.flat();
  const words = turns.reduce((sum, turn) => sum + turn.words, 0);
  return {
    wordsPerSecond: (words * 1_000) / durationMs,
    turnP50Ms: medianOf(turns.map((turn) => turn.durationMs)),
    firstWordP50Ms: medianOf(turns.map((turn) => turn.firstWordMs)),
    cpuPerWordUs:
      cpuBeforeMs === null || cpuAfterMs === null ? null : ((cpuAfterMs - cpuBeforeMs) * 1_000) / words,
    clientBusy,
  };
}
