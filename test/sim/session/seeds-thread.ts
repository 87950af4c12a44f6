/** A thread of run-seeds.ts: runs its share of the seeds and tells the result. */
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { runRange } from "./run-seeds.ts";

const Range = z.object({ first: z.number(), count: z.number(), step: z.number() });

parentPort?.postMessage(await runRange(Range.parse(workerData)));
