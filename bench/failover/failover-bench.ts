/**
 * `npm run bench -- failover`: what a reader waits for when a stream breaks in the middle and another provider goes on:
 * the time from the break to the next new word, and how much of it is ours and not the second provider's own first
 * token. Stand-ins at the pace of a quick model, every ordered pair of providers.
 */
import { startSandbox } from "../../sandbox/server.ts";
import {
  breakStandIn,
  listPairs,
  nameOf,
  runBrokenTurn,
  type MatrixTarget,
} from "../../test/contract/failover-world.ts";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { medianOf, quantileOf } from "../measure.ts";

const RUNS = 3;
/** Fifty tokens a second. */
const PACE_MS = 20;
const AFTER_CHUNKS = 40;
const QUESTION = "Go on [[words:200]]";

export const failoverBench: Bench = { name: "failover", run };

interface Measured {
  readonly pair: readonly [MatrixTarget, MatrixTarget];
  readonly addedMs: readonly number[];
  readonly switchMs: readonly number[];
}

async function run({ tell }: BenchContext): Promise<BenchReport> {
  const sandbox = await startSandbox({ port: 0, paceMs: PACE_MS });
  try {
    const measured: Measured[] = [];
    for (const pair of listPairs()) {
      tell(pair.map(nameOf).join(" then "));
      measured.push(await measurePair(sandbox.url, pair));
    }
    return toReport(measured);
  } finally {
    await sandbox.close();
  }
}

async function measurePair(
  sandboxUrl: string,
  pair: readonly [MatrixTarget, MatrixTarget],
): Promise<Measured> {
  const runs: { addedMs: number; switchMs: number }[] = [];
  for (let index = 1; index <= RUNS; index += 1) {
    const testId = `failover-${pair.map(nameOf).join("-")}-${index}`;
    await breakStandIn({ sandboxUrl, testId }, pair[0].provider, {
      fault: "reset",
      afterChunks: AFTER_CHUNKS,
    });
    const turn = await runBrokenTurn({
      sandboxUrl,
      testId,
      order: pair,
      prompt: [{ role: "user", content: [{ type: "text", text: QUESTION }] }],
      gapMs: 5_000,
    });
    const [first, second] = turn.end.attempts;
    const shownAtMs = turn.shownAtMs[1];
    if (first === undefined || second?.firstTokenMs == null || shownAtMs === undefined) {
      throw new Error(`${pair.map(nameOf).join(" then ")} was not continued`);
    }
    const brokeAtMs = first.startedAtMs + first.durationMs;
    const switchMs = shownAtMs - brokeAtMs;
    runs.push({ switchMs, addedMs: Math.max(0, switchMs - second.firstTokenMs) });
  }
  return {
    pair,
    addedMs: runs.map(({ addedMs }) => addedMs),
    switchMs: runs.map(({ switchMs }) => switchMs),
  };
}

function toReport(measured: readonly Measured[]): BenchReport {
  const startingOver = measured.filter(({ pair }) => pair[1].provider === "deepseek");
  const goingOn = measured.filter(({ pair }) => pair[1].provider !== "deepseek");
  const added = (of: readonly Measured[], part: number): number =>
    Math.round(
      quantileOf(
        of.flatMap(({ addedMs }) => addedMs),
        part,
      ),
    );
  return {
    figures: {
      switchAddedP50Ms: added(goingOn, 0.5),
      switchAddedP95Ms: added(goingOn, 0.95),
      switchAddedStartingOverP50Ms: added(startingOver, 0.5),
    },
    table: [
      ["from", "to", "break to next word ms", "of it ours ms"],
      ...measured.map(({ pair, addedMs, switchMs }) => [
        ...pair.map(nameOf),
        medianOf(switchMs).toFixed(0),
        medianOf(addedMs).toFixed(0),
      ]),
    ],
    notes: [
      `A reset after ${AFTER_CHUNKS} tokens at one token in ${PACE_MS} ms, ${RUNS} runs a pair, medians. What is ours is the time from the break to the next new word without the second provider's own first token: deciding, calling, and waiting while the leg repeats the words it was asked to repeat.`,
      "DeepSeek's stand-in starts its answer over when it is asked to go on: all that was shown passes by again before there is a new word. No model is known to do that as a rule; it is the worst case.",
    ],
  };
}
