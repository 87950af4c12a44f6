/** The http bench's measurements as figures, as a table and in words. Pure. */
import type { BenchFigures, BenchReport } from "../bench.ts";
import { medianOf, quantileOf, roundTo } from "../measure.ts";
import { CHUNKS } from "./answer.ts";
import type { Heap } from "./heap.ts";
import type { LoadResult } from "./load.ts";
import type { StartupVerdict } from "../../scripts/startup/startup-limit.ts";

export interface OfSystems<Value> {
  readonly forwarder: Value;
  readonly breakwater: Value;
  /** Null for streams, which it does not have. */
  readonly byHand: Value | null;
  /** Null when it could not run. */
  readonly portkey: Value | null;
}

type Rounds = readonly OfSystems<LoadResult>[];

export interface Measured {
  readonly streams: Rounds;
  readonly calls: Rounds;
  readonly lone: Rounds;
  readonly startup: StartupVerdict;
  readonly heap: Heap;
  /** Why it did not run at all, or did not stream; null when it did. */
  readonly portkeyTrouble: string | null;
  readonly portkeyStreamTrouble: string | null;
}

const NONE = "–";
type System = keyof OfSystems<unknown>;
const SYSTEMS = ["forwarder", "byHand", "portkey", "breakwater"] as const;

export function toReport(measured: Measured): BenchReport {
  const { streams, calls, lone } = measured;
  const row = (title: string, rounds: Rounds, read: (result: LoadResult) => number, digits: number) => [
    title,
    ...SYSTEMS.map((system) => {
      const values = rounds.map((round) => round[system]).filter((result) => result !== null);
      return values.length === 0 ? NONE : medianOf(values.map(read)).toFixed(digits);
    }),
  ];
  const share = (of: number) => (result: LoadResult) => quantileOf(result.firstByteMs, of);
  return {
    figures: toFigures(measured),
    table: [
      ["", "forwarding Worker", "a call by hand", "Portkey on Node", "Breakwater"],
      row(`streams of ${CHUNKS} chunks a second`, streams, (result) => result.perSecond, 0),
      row("streams: first byte p50 ms", streams, share(0.5), 1),
      row("calls a second", calls, (result) => result.perSecond, 0),
      row("calls: first byte p50 ms", calls, share(0.5), 1),
      row("lone paced streams: first byte p50 ms", lone, share(0.5), 2),
      row("lone paced streams: first byte p99 ms", lone, share(0.99), 2),
    ],
    notes: toNotes(measured),
  };
}

/** Of two systems' rates in the same round, the median; null where one of them could not run. */
function toRatio(rounds: Rounds, of: System, to: System): number | null {
  const ratios = rounds.flatMap((round) => {
    const { [of]: one, [to]: other } = round;
    return one === null || other === null ? [] : [one.perSecond / other.perSecond];
  });
  return ratios.length === 0 ? null : roundTo(medianOf(ratios), 3);
}

function toAdded(rounds: Rounds, share: number): number {
  const added = rounds.map(
    ({ breakwater, forwarder }) =>
      quantileOf(breakwater.firstByteMs, share) - quantileOf(forwarder.firstByteMs, share),
  );
  return roundTo(medianOf(added), 2);
}

function toFigures(measured: Measured): BenchFigures {
  const { streams, calls, lone, startup, heap } = measured;
  return {
    streamVsForwarder: toRatio(streams, "breakwater", "forwarder"),
    callVsForwarder: toRatio(calls, "breakwater", "forwarder"),
    streamVsPortkey: toRatio(streams, "breakwater", "portkey"),
    callVsPortkey: toRatio(calls, "breakwater", "portkey"),
    callByHandVsForwarder: toRatio(calls, "byHand", "forwarder"),
    addedFirstByteP50Ms: toAdded(lone, 0.5),
    addedFirstByteP99Ms: toAdded(lone, 0.99),
    startupCpuMs: Math.round(startup.cpuMs),
    startupMaxCpuMs: startup.maxCpuMs,
    bundleGzipKiB: Math.round(startup.bundleGzipKiB),
    heapBefore10kCallsMiB: roundTo(heap.beforeMiB, 1),
    heapAfter10kCallsMiB: roundTo(heap.afterMiB, 1),
  };
}

function toNotes({ portkeyTrouble, portkeyStreamTrouble }: Measured): string[] {
  return [
    "Everybody runs in a process of their own, one after the other, without the dev proxy, in front of one provider; clients and provider are on the same machine and compete for its cores. 32 connections, or one where it says lone, with ten words 2 ms apart: when 200 come at once, three threads want two cores, and a first byte is seen when one of them is free. Medians of three rounds; ratios are of the same round.",
    "The forwarding Worker gives the provider's answer back without looking at it: workerd moves its bytes without JavaScript. Breakwater checks a key, plans, reads every event, and writes a selection and two log lines for each call.",
    "A call by hand is a Worker with what any call here owes (a key's hash, a read body, a deadline, our headers, two log lines, a record) and nothing of a gateway: nobody is chosen or checked, and its records go nowhere.",
    "The heap is what the isolate with the objects holds after a full collection, on a workerd of its own.",
    "Start-up is what `wrangler check startup` calls active, the least of its starts; the limit is 100 ms where the reference Worker takes what it took when that was set, more on a slower machine.",
    "Portkey 1.15.2 answers streamed calls with 500 on Node, since it changes the headers of a fetched response; it is given a copy whose headers can be changed (bench/http/portkey-preload.mjs), and streams then.",
    ...(portkeyTrouble === null ? [] : [`Portkey could not run: ${toStart(portkeyTrouble)}`]),
    ...(portkeyStreamTrouble === null ? [] : [`Portkey could not stream: ${toStart(portkeyStreamTrouble)}`]),
  ];
}

function toStart(text: string): string {
  return text.split("\n").slice(0, 3).join(" ").slice(0, 300);
}
