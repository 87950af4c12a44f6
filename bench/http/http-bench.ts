/**
 * `npm run bench -- http`: what the HTTP door costs, side by side with a bare forwarding Worker (the limit), with what a
 * call owes written by hand, and with the Portkey gateway. Each runs in a process of its own; authentication, circuits and
 * the selection log are on.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withStartupMeter } from "../../scripts/startup/measure-startup.ts";
import { judgeStartup } from "../../scripts/startup/startup-limit.ts";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { startUpstreamThread } from "../start-upstream.ts";
import { measureHeap } from "./heap.ts";
import { toReport, type Measured, type OfSystems } from "./http-report.ts";
import { runLoad, type Load, type LoadResult, type Target } from "./load.ts";
import { startSystems, type Systems } from "./systems.ts";

const ROUNDS = 3;
const STREAMS: Load = { calls: 600, connections: 32, answer: "stream" };
const CALLS: Load = { calls: 3_000, connections: 32, answer: "whole" };
/** One after the other: what a call costs when nothing waits for it. */
const LONE: Load = { calls: 300, connections: 1, answer: "paced-stream" };
const WARM_UP = 0.25;

export const httpBench: Bench = { name: "http", run };

async function run(context: BenchContext): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-bench-"));
  const upstream = await startUpstreamThread(new URL("./upstream-thread.ts", import.meta.url));
  try {
    const systems = await startSystems(context, folder, upstream.url);
    try {
      return toReport(await measure(context, systems));
    } finally {
      await systems.close();
    }
  } finally {
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure({ root, tell }: BenchContext, systems: Systems): Promise<Measured> {
  const { portkeyTrouble } = systems;
  tell("warming up");
  const canStream = await tryToStream(systems.portkey);
  const inTurn = async (load: Load): Promise<OfSystems<LoadResult>> => ({
    forwarder: await runLoad(systems.forwarder, load),
    byHand: load.answer === "whole" ? await runLoad(systems.byHand, load) : null,
    breakwater: await runLoad(systems.breakwater, load),
    portkey: await runPortkey(systems.portkey, load, canStream === null),
  });
  for (const load of [STREAMS, CALLS]) await inTurn({ ...load, calls: load.calls * WARM_UP });
  const streams: OfSystems<LoadResult>[] = [];
  const calls: OfSystems<LoadResult>[] = [];
  const lone: OfSystems<LoadResult>[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    tell(`round ${round} of ${ROUNDS}`);
    streams.push(await inTurn(STREAMS));
    calls.push(await inTurn(CALLS));
    lone.push(await inTurn(LONE));
  }
  tell("10,000 calls, for the memory");
  const heap = await measureHeap({ root, ...systems });
  tell("starting the bundle");
  const startup = await withStartupMeter(root, judgeStartup);
  return {
    streams,
    calls,
    lone,
    startup,
    heap,
    portkeyTrouble,
    portkeyStreamTrouble: canStream,
  };
}

/** Null when it can. */
async function tryToStream(target: Target | null): Promise<string | null> {
  if (target === null) return null;
  try {
    await runLoad(target, { calls: 1, connections: 1, answer: "stream" });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runPortkey(target: Target | null, load: Load, canStream: boolean): Promise<LoadResult | null> {
  if (target === null || (load.answer !== "whole" && !canStream)) return null;
  return runLoad(target, load);
}
