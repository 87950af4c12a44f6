/** A turn when nothing else is going on: one chat, one question after the other, paced answers of a few words. */
import type { ChatSystem } from "./chat-system.ts";

/** Paced, so that the first word is on its way alone; short, since little after it matters. */
const PLAN = { words: 6, durationMs: 30, held: false };

export interface LoneTurns {
  /** Of each turn. */
  readonly firstWordsMs: readonly number[];
  /** Processor time of workerd for one turn, milliseconds; null where the system does not tell it. */
  readonly cpuMs: number | null;
}

/** In a new chat; its provider thinks for so long before each first word, milliseconds. */
export async function measureLoneTurns(
  system: ChatSystem,
  turns: number,
  thinkMs: number,
): Promise<LoneTurns> {
  const chat = await system.openChat();
  const cpuBeforeMs = await system.readCpuMs();
  const firstWordsMs: number[] = [];
  for (let turn = 0; turn < turns; turn += 1)
    firstWordsMs.push((await chat.ask({ ...PLAN, thinkMs })).firstWordMs);
  const cpuAfterMs = await system.readCpuMs();
  chat.close();
  const cpuMs = cpuBeforeMs === null || cpuAfterMs === null ? null : (cpuAfterMs - cpuBeforeMs) / turns;
  return { firstWordsMs, cpuMs };
}
