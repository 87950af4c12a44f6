/** Runs many seeds of the simulated chat, on as many threads as the machine has cores: no seed knows of another. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { runSession } from "./run-session.ts";
import { addTotals, sumRuns, toBreaches, type SessionBreach, type SessionTotals } from "./session-report.ts";

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  /** From one seed to the next. */
  readonly step: number;
}

export interface SeedsResult {
  readonly totals: SessionTotals;
  readonly breaches: readonly SessionBreach[];
}

/** Fewer are not worth a thread. */
const LEAST_FOR_THREADS = 40;

const Totals = z.record(z.string(), z.number());
const Result = z.object({
  totals: Totals.transform((totals) => ({ ...sumRuns([]), ...totals })),
  breaches: z.array(z.object({ scenario: z.literal("session"), seed: z.number(), message: z.string() })),
});

export async function runSeeds(first: number, count: number): Promise<SeedsResult> {
  const threads = count < LEAST_FOR_THREADS ? 1 : availableParallelism();
  if (threads === 1) return runRange({ first, count, step: 1 });
  const results = await Promise.all(
    Array.from({ length: threads }, (_, index) =>
      runInThread({ first: first + index, count: Math.ceil((count - index) / threads), step: threads }),
    ),
  );
  return {
    totals: results.map(({ totals }) => totals).reduce(addTotals),
    breaches: results.flatMap(({ breaches }) => breaches).toSorted((left, right) => left.seed - right.seed),
  };
}

/** One seed after the other. */
export async function runRange({ first, count, step }: SeedRange): Promise<SeedsResult> {
  let totals = sumRuns([]);
  const breaches: SessionBreach[] = [];
  for (let index = 0; index < count; index += 1) {
    const run = await runSession(first + index * step);
    totals = addTotals(totals, sumRuns([run]));
    breaches.push(...toBreaches([run]));
  }
  return { totals, breaches };
}

function runInThread(range: SeedRange): Promise<SeedsResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./seeds-thread.ts", import.meta.url), { workerData: range });
    worker.once("message", (result: unknown) => resolve(Result.parse(result)));
    worker.once("error", reject);
  });
}
