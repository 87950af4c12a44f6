/**
 * The scenarios of `npm run sim`, in the order of the table: what happens in each world, and what must be true of it
 * besides the invariants (invariants.ts). Rules SM9 to SM14; docs/simulation.md says them in words.
 */
import {
  answering,
  DEAD,
  during,
  dyingMidStream,
  FAILING,
  forModel,
  hanging,
  limitedTo,
  slowedBy,
  sometimes,
  toFlappingSpans,
  USUAL_SPEED,
  type Span,
} from "./behaviour.ts";
import { lognormal, mixed, pareto } from "./distributions.ts";
import { listSickTransitions, quantileOf } from "./figures.ts";
import { authorityScenarios } from "./scenarios-authority.ts";
import { breaksEverywhere } from "./scenario-breaks.ts";
import { totalOutage } from "./scenario-total-outage.ts";
import { regionScenarios } from "./scenarios-regions.ts";
import {
  alone,
  FUSE_BOUND,
  ISOLATES,
  sickFor,
  toIsolates,
  toVariant,
  toWorldPlan,
  type Scenario,
} from "./scenario.ts";
import type { WorldResult } from "./sim-world.ts";

const OUTAGE: Span = { fromMs: 30_000, untilMs: 60_000 };

const healthy = alone(
  toVariant("healthy", (seed) => toWorldPlan(seed, () => answering()), {
    check: (result) => expectNoTrip(result, "nothing was wrong"),
  }),
);

const dead = alone(
  toVariant("one dead provider", (seed) => toWorldPlan(seed, () => during([OUTAGE], DEAD, answering())), {
    sickness: sickFor([OUTAGE]),
    mostSickCalls: FUSE_BOUND,
  }),
);

/** Answers that take long to be read out: those under way go on well after new calls are refused. */
const LONG_ANSWERS = { ...USUAL_SPEED, word: lognormal(2_500, 0.2) };

const deadWhileStreaming = alone(
  toVariant(
    "dead for new calls, old answers go on",
    (seed) =>
      toWorldPlan(seed, () => during([OUTAGE], DEAD, answering(LONG_ANSWERS)), { requestsPerSecond: 30 }),
    { sickness: sickFor([OUTAGE]), mostSickCalls: FUSE_BOUND },
  ),
);

const ALWAYS: Span = { fromMs: 0, untilMs: 100_000 };

const coldStart = alone(
  toVariant(
    "dead from the start, isolates start cold",
    (seed) => toWorldPlan(seed, () => DEAD, { isolates: toIsolates(ISOLATES, null, 8_000) }),
    { sickness: sickFor([ALWAYS]), mostSickCalls: FUSE_BOUND },
  ),
);

const hang = alone(
  toVariant(
    "accepts calls and says nothing",
    (seed) => toWorldPlan(seed, () => during([OUTAGE], hanging("connect"), answering())),
    { sickness: sickFor([OUTAGE]) },
  ),
);

const SLOW: Span = { fromMs: 40_000, untilMs: 120_000 };

const slow = alone(
  toVariant(
    "slow-down, twelve times as slow",
    (seed) =>
      toWorldPlan(seed, () => during([SLOW], answering(slowedBy(12)), answering()), { durationMs: 180_000 }),
    {
      sickness: sickFor([SLOW]),
      check: (result) => expectTrip(result, "it became far slower than usual"),
    },
  ),
);

/** As often as the limited provider asks for a pause, with some calls in flight each time. */
const RETRY_AFTER_MS = 2_000;

const limited = alone(
  toVariant(
    "rate-limited, Retry-After 2 s",
    (seed) => toWorldPlan(seed, () => limitedTo(4, RETRY_AFTER_MS, answering())),
    { check: (result) => [...expectNoTrip(result, "429 is no failure"), ...expectFewRefusals(result)] },
  ),
);

const FLAPPING = toFlappingSpans({ fromMs: 30_000, untilMs: 110_000 }, 4_000, 6_000);

const flapping: Scenario = {
  name: "flapping",
  variants: [
    toVariant("flapping: without it", (seed) =>
      toWorldPlan(seed, () => answering(), { durationMs: 130_000 }),
    ),
    toVariant(
      "flapping: 4 s down, 6 s up",
      (seed) => toWorldPlan(seed, () => during(FLAPPING, FAILING, answering()), { durationMs: 130_000 }),
      { sickness: sickFor(FLAPPING) },
    ),
  ],
  compare: ([calm, flapped]) => {
    if (calm === undefined || flapped === undefined) return ["[SM10] a variant is missing"];
    const calmMs = quantileOf(calm.firstTokensMs, 0.95);
    const flappedMs = quantileOf(flapped.firstTokensMs, 0.95);
    return flappedMs <= calmMs * 1.2
      ? []
      : [`[SM10] flapping raised the p95 from ${Math.round(calmMs)} to ${Math.round(flappedMs)} ms`];
  },
};

const SICK_MODEL = sickFor([OUTAGE], { model: "large" });

const sickModel = alone(
  toVariant(
    "one sick model only",
    (seed) => toWorldPlan(seed, () => during([OUTAGE], forModel("large", FAILING, answering()), answering())),
    {
      sickness: SICK_MODEL,
      mostSickCalls: FUSE_BOUND,
      check: (result) => [...expectProviderStays(result), ...expectServed(result, OUTAGE, "small", "fast")],
    },
  ),
);

const midStream = alone(
  toVariant(
    "dies mid-stream in 7 of 10 answers",
    (seed) =>
      toWorldPlan(seed, () => during([OUTAGE], sometimes(0.7, dyingMidStream(), answering()), answering())),
    { sickness: sickFor([OUTAGE]), check: (result) => expectTrip(result, "most answers died") },
  ),
);

/** Three calls in a hundred take four seconds and more, up to half a minute. */
const HEAVY_TAIL = {
  headers: lognormal(60, 0.25),
  firstToken: mixed(0.03, pareto(4_000, 1.2, 30_000), lognormal(350, 0.35)),
  word: lognormal(120, 0.3),
};

const heavyTail: Scenario = {
  name: "heavy tail",
  variants: [false, true].map((hedging) =>
    toVariant(
      `heavy tail, hedging ${hedging ? "on" : "off"}`,
      (seed) =>
        toWorldPlan(seed, () => answering(HEAVY_TAIL), {
          hedging,
          requestsPerSecond: 30,
          durationMs: 120_000,
        }),
      // Until each isolate has earned its first hedges.
      { warmUpMs: 30_000 },
    ),
  ),
  compare: ([off, on]) => {
    if (off === undefined || on === undefined) return ["[SM11] a variant is missing"];
    const offMs = quantileOf(off.firstTokensMs, 0.99);
    const onMs = quantileOf(on.firstTokensMs, 0.99);
    const extra = on.hedges / (on.calls - on.hedges);
    const told = `from ${Math.round(offMs)} to ${Math.round(onMs)} ms for ${(extra * 100).toFixed(1)} % more calls`;
    return onMs <= offMs * 0.6 && extra <= 0.05 ? [] : [`[SM11] hedging took the p99 ${told}`];
  },
};

export const SCENARIOS: readonly Scenario[] = [
  healthy,
  dead,
  deadWhileStreaming,
  coldStart,
  hang,
  slow,
  limited,
  flapping,
  ...regionScenarios,
  sickModel,
  midStream,
  breaksEverywhere,
  heavyTail,
  totalOutage,
  ...authorityScenarios,
];

function expectNoTrip({ transitions }: WorldResult, why: string): string[] {
  return transitions
    .filter(({ transition }) => transition.to === "OPEN")
    .map(({ object, transition }) => `[SM9] ${object} opened although ${why}: ${transition.reason}`);
}

function expectTrip(result: WorldResult, why: string): string[] {
  const opened = listSickTransitions(result, sickFor([])).some(({ transition }) => transition.to === "OPEN");
  return opened ? [] : [`[SM9] no circuit opened although ${why}`];
}

function expectProviderStays(result: WorldResult): string[] {
  const own = listSickTransitions(result, SICK_MODEL).filter(
    ({ transition }) => transition.model !== "large",
  );
  return own.map(({ transition }) => {
    const name = transition.model ?? "the provider";
    return `[SM13] ${name} went ${transition.to} although only one model was sick: ${transition.reason}`;
  });
}

/** The well model keeps its share of its class's calls: almost all of those that no chat binds to another provider. */
function expectServed(
  { requests, books }: WorldResult,
  span: Span,
  model: string,
  className: string,
): string[] {
  const toShare = (fromMs: number, untilMs: number): number => {
    const asked = requests.filter(
      (each) => each.className === className && each.atMs >= fromMs && each.atMs < untilMs,
    );
    const served = books.filter(
      (call) =>
        call.provider === "alpha" &&
        call.model === model &&
        call.purpose === "call" &&
        call.startedAtMs >= fromMs &&
        call.startedAtMs < untilMs,
    );
    return served.length / asked.length;
  };
  const before = toShare(span.fromMs / 2, span.fromMs);
  const meanwhile = toShare(span.fromMs, span.untilMs);
  const told = `${Math.round(meanwhile * 100)} % of its class, ${Math.round(before * 100)} % before`;
  return meanwhile >= before * 0.9 ? [] : [`[SM13] the well model ${model} served ${told}`];
}

/** After a 429 nobody asks until the pause is over: only what was in flight is refused beside it. */
function expectFewRefusals({ books, plan }: WorldResult): string[] {
  const refused = books.filter(({ manner, purpose }) => manner === "refuse" && purpose === "call").length;
  const calls = books.filter(({ provider, purpose }) => provider === "alpha" && purpose === "call").length;
  const pauses = plan.durationMs / RETRY_AFTER_MS;
  const most = pauses * ISOLATES;
  return refused <= most ? [] : [`[SM14] ${refused} of ${calls} calls were refused, more than ${most}`];
}
