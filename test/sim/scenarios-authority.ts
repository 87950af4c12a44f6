/** The scenarios in which the health objects are slow, failing, silent or crash while a provider dies. */
import { FUSE_OPEN_MS } from "../../src/circuit/local-fuse.ts";
import { answering, DEAD, during, type Span } from "./behaviour.ts";
import { lognormal } from "./distributions.ts";
import { quantileOf } from "./figures.ts";
import { alone, FUSE_BOUND, ISOLATES, sickFor, toVariant, toWorldPlan, type Scenario } from "./scenario.ts";
import type { Disturbance } from "./sim-network.ts";
import { QUIET_NETWORK } from "./world-plan.ts";

const OUTAGE: Span = { fromMs: 30_000, untilMs: 60_000 };
const ALL_THE_TIME: Span = { fromMs: 0, untilMs: Infinity };
const TRIALS_PER_ISOLATE = (OUTAGE.untilMs - OUTAGE.fromMs) / FUSE_OPEN_MS;
/** One turn in a while may wait 150 ms for a circuit (rule CB36): it must not show in the median. */
const MEDIAN_GRACE_MS = 50;

function toAuthorityVariant(name: string, disturbance: Disturbance, mostSickCalls: number) {
  return toVariant(
    name,
    (seed) =>
      toWorldPlan(seed, () => during([OUTAGE], DEAD, answering()), {
        network: { ...QUIET_NETWORK, disturbances: [{ ...ALL_THE_TIME, disturbance }] },
        // Hedges are decided on by what the authority has learnt; what is compared here is the turn itself.
        hedging: false,
      }),
    { sickness: sickFor([OUTAGE]), mostSickCalls },
  );
}

const slow = toAuthorityVariant(
  "authority slow, 2 s a way",
  { type: "slow", oneWay: lognormal(2_000, 0.4) },
  FUSE_BOUND,
);
const failing = toAuthorityVariant(
  "authority gone: every call fails",
  { type: "failing" },
  FUSE_BOUND + ISOLATES * TRIALS_PER_ISOLATE,
);
const silent = toAuthorityVariant(
  "authority gone: no call returns",
  { type: "silent" },
  FUSE_BOUND + ISOLATES * TRIALS_PER_ISOLATE,
);

const turnIsNotHeldUp: Scenario = {
  name: "authority slow or gone",
  variants: [
    toVariant("authority well, to compare", (seed) =>
      toWorldPlan(seed, () => during([OUTAGE], DEAD, answering()), { hedging: false }),
    ),
    slow,
    failing,
    silent,
  ],
  compare: ([well, ...others]) => {
    if (well === undefined) return ["[SM16] a variant is missing"];
    const mostMs = quantileOf(well.firstTokensMs, 0.5) + MEDIAN_GRACE_MS;
    return others.flatMap((figures, index) => {
      const medianMs = quantileOf(figures.firstTokensMs, 0.5);
      const name = ["slow", "failing", "silent"][index] ?? "";
      return medianMs <= mostMs
        ? []
        : [`[SM16] with the authority ${name} a first word took ${Math.round(medianMs)} ms`];
    });
  },
};

const crashing = alone(
  toVariant(
    "health object crashes during the outage",
    (seed) =>
      toWorldPlan(seed, () => during([OUTAGE], DEAD, answering()), {
        durationMs: 160_000,
        crashes: [31_000, 38_000, 50_000, 61_000].map((atMs) => ({ object: "alpha", atMs })),
      }),
    { sickness: sickFor([OUTAGE]), mostSickCalls: FUSE_BOUND },
  ),
);

export const authorityScenarios: readonly Scenario[] = [turnIsNotHeldUp, crashing];
