/**
 * `npm run bench -- circuit`: what circuits cost a healthy request, and how fast a change of one is known. The product
 * runs on workerd without the dev proxy, on several isolates that share its objects; stand-ins are the providers.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSandbox } from "../../sandbox/server.ts";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { medianOf, quantileOf, roundTo } from "../measure.ts";
import { bundleWorker } from "../workerd/bundle-worker.ts";
import { startWorkers } from "../workerd/start-workers.ts";
import { measureCheckTime, type CheckTime } from "./check-time.ts";
import { IsolateClient } from "./isolate-client.ts";
import { measureObjectCalls, type ObjectCalls } from "./object-calls.ts";
import { measureTransitions, type TransitionTimes } from "./transition-time.ts";

const RUNS = 3;
const ISOLATES = 4;
/** Opened one after the other in each run. */
const PROVIDERS = ["openai", "anthropic", "deepseek"];
/** Stays well, so that every request has somewhere to go. */
const FALLBACK_PROVIDER = "google";
/** Enough for a loop that takes a good part of a second. */
const LOOP_CHECKS = 400_000;

interface Measured {
  readonly ours: ObjectCalls;
  readonly askFirst: ObjectCalls;
  readonly check: CheckTime;
  readonly checkInWorkerdUs: number;
  readonly transitions: TransitionTimes;
}

export const circuitBench: Bench = { name: "circuit", run };

async function run({ root, tell }: BenchContext): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-bench-"));
  const sandbox = await startSandbox({ port: 0, paceMs: 0 });
  try {
    tell("bundling the Worker");
    const modules = await bundleWorker(root, "bench/workers/circuit.ts", folder);
    const workers = await startWorkers({
      root,
      modules,
      isolates: ISOLATES,
      bindings: { SANDBOX_URL: sandbox.url },
    });
    try {
      const isolates = workers.urls.map((url) => new IsolateClient(url, workers.apiKey));
      const measured: Measured[] = [];
      for (let index = 1; index <= RUNS; index += 1) {
        tell(`run ${index} of ${RUNS}`);
        measured.push(await measure(isolates));
      }
      return toReport(measured);
    } finally {
      await workers.close();
    }
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(isolates: readonly IsolateClient[]): Promise<Measured> {
  const [isolate] = isolates;
  if (isolate === undefined) throw new Error("an isolate is needed");
  const models = new Map<string, string>();
  for (const provider of PROVIDERS) models.set(provider, await isolate.findModel(provider));
  const pinned = [...models.values()].slice(0, 1);
  const ours = await measureObjectCalls(isolate, pinned, "breakwater");
  const askFirst = await measureObjectCalls(isolate, pinned, "ask-first");
  const check = await measureCheckTime();
  const checkInWorkerdUs = await measureLoop(isolate);
  const fallback = await isolate.findModel(FALLBACK_PROVIDER);
  const transitions = await measureTransitions(isolates, PROVIDERS, models, fallback);
  return { ours, askFirst, check, checkInWorkerdUs, transitions };
}

/** The mean of one check inside workerd, timed from outside: a loop of many, less the same request without any. */
async function measureLoop(isolate: IsolateClient): Promise<number> {
  const time = async (count: number): Promise<number> => {
    const started = performance.now();
    await isolate.runChecks(count);
    return performance.now() - started;
  };
  await time(LOOP_CHECKS);
  const emptyMs = await time(0);
  const loopMs = await time(LOOP_CHECKS);
  return (Math.max(0, loopMs - emptyMs) * 1_000) / LOOP_CHECKS;
}

function toReport(measured: readonly Measured[]): BenchReport {
  const median = (read: (run: Measured) => number): number => medianOf(measured.map(read));
  const p95 = (read: (times: TransitionTimes) => readonly number[]): number =>
    median(({ transitions }) => quantileOf(read(transitions), 0.95));
  const figures = {
    objectCallsPerHealthyRequest: roundTo(
      median(({ ours }) => ours.waitedForPerRequest),
      4,
    ),
    checkP50Us: roundTo(
      median(({ check }) => check.p50Us),
      3,
    ),
    checkP99Us: roundTo(
      median(({ check }) => check.p99Us),
      3,
    ),
    transitionToIsolatesP95Ms: Math.round(p95(({ toIsolatesMs }) => toIsolatesMs)),
    transitionToConsoleP95Ms: Math.round(p95(({ toConsoleMs }) => toConsoleMs)),
    checkMeanInWorkerdUs: roundTo(
      median(({ checkInWorkerdUs }) => checkInWorkerdUs),
      3,
    ),
    backgroundObjectCallsPerRequest: roundTo(
      median(({ ours }) => ours.allPerRequest - ours.waitedForPerRequest),
      4,
    ),
    objectCallsPerRequestAskingFirst: roundTo(
      median(({ askFirst }) => askFirst.waitedForPerRequest),
      4,
    ),
    requestP50VsAskingFirst: roundTo(
      median(({ ours, askFirst }) => ours.requestP50Ms / askFirst.requestP50Ms),
      3,
    ),
  };
  return {
    figures,
    table: [HEADING, ...measured.map(toTableRow)],
    notes: NOTES,
  };
}

const HEADING = [
  "run",
  "waited for / request",
  "in background / request",
  "request p50 ms",
  "asking first: waited for",
  "asking first: p50 ms",
  "check p50 µs",
  "p99 µs",
  "in workerd µs",
  "to isolates p50 ms",
  "p95 ms",
  "to console p95 ms",
];

function toTableRow(
  { ours, askFirst, check, checkInWorkerdUs, transitions }: Measured,
  index: number,
): string[] {
  return [
    `${index + 1}`,
    ours.waitedForPerRequest.toFixed(3),
    (ours.allPerRequest - ours.waitedForPerRequest).toFixed(3),
    ours.requestP50Ms.toFixed(1),
    askFirst.waitedForPerRequest.toFixed(3),
    askFirst.requestP50Ms.toFixed(1),
    check.p50Us.toFixed(2),
    check.p99Us.toFixed(2),
    checkInWorkerdUs.toFixed(2),
    quantileOf(transitions.toIsolatesMs, 0.5).toFixed(0),
    quantileOf(transitions.toIsolatesMs, 0.95).toFixed(0),
    quantileOf(transitions.toConsoleMs, 0.95).toFixed(0),
  ];
}

const NOTES = [
  `The product's own bundle on workerd without the dev proxy: ${ISOLATES} isolates that share one set of objects and one database; stand-ins over loopback are the providers. ${RUNS} runs, medians.`,
  "A call counts as waited for when it was answered before the request left for its provider while every object call was held up by 120 ms; the background ones are refreshes of snapshots and batched reports.",
  "Checks are timed one by one on Node's V8, since workerd's clock stands still within an event; the mean inside workerd is a loop of 400,000 timed from outside.",
  "A transition is opened by hand after 31 s of quiet, when isolates look least often; it has reached an isolate when the snapshot that says so has, and no later request of that isolate may be served there. Each isolate asks each provider about three times a second. Objects and isolates are on one machine: distance comes on top.",
  "Asking first is the design of Portkey's branch 2.0.0 (an object call before each request and one after it) in front of the same code; here an object call costs a hop on one machine, on the edge it costs the way to the object.",
];
