/** Runs the simulated chat of one seed and says what it was and what was wrong with it. */
import { hashText } from "./sim-text.ts";
import { findSessionBreaches } from "./session-invariants.ts";
import { SessionWorld } from "./session-world.ts";

export interface SessionRun {
  readonly seed: number;
  readonly breaches: readonly string[];
  /** Moments in which something happened. */
  readonly events: number;
  readonly crashes: number;
  readonly evictions: number;
  readonly rewinds: number;
  readonly reconnects: number;
  readonly calls: number;
  readonly turns: Readonly<Record<string, number>>;
  readonly recoveries: number;
  readonly simulatedMs: number;
  /** Of everything that was stored and said: the same seed gives the same. */
  readonly digest: number;
}

export async function runSession(seed: number, world = new SessionWorld(seed)): Promise<SessionRun> {
  try {
    await world.run();
    const breaches = await findSessionBreaches(world);
    const turns: Record<string, number> = {};
    const rows = world.storage.sql.exec("SELECT * FROM turn ORDER BY position").toArray();
    for (const { status } of rows) turns[String(status)] = (turns[String(status)] ?? 0) + 1;
    const { clock, object, ledger, log, books, queue } = world;
    const told = [rows, [...ledger.told.values()], queue.taken, log.lines, ledger.frames, breaches];
    return {
      seed,
      breaches,
      events: clock.timersRun,
      crashes: object.crashedLives.size,
      evictions: object.evictions,
      rewinds: ledger.rewinds,
      reconnects: ledger.reconnects,
      calls: books.length,
      turns,
      recoveries: log.of("turn_recovered").length,
      simulatedMs: world.durationMs,
      digest: hashText(JSON.stringify(told)),
    };
  } finally {
    world.close();
  }
}
