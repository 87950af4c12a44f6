/** The scenarios in which a provider is ill in some places only: one circuit per region, and the world above. */
import { answering, DEAD, during, fromRegions, type Span } from "./behaviour.ts";
import type { Figures } from "./figures.ts";
import { FUSE_FAILURES } from "../../src/circuit/local-fuse.ts";
import { alone, sickFor, toIsolates, toVariant, toWorldPlan, type Scenario } from "./scenario.ts";
import type { WorldResult } from "./sim-world.ts";

const REGIONS = ["weur", "enam", "apac"];
const ISOLATES_PER_REGION = 3;
const FAULT: Span = { fromMs: 40_000, untilMs: 70_000 };
/** From the second region's trip until the third has heard of it: the trip, the world's word, and a refresh. */
const TOLD_WITHIN_MS = 8_000;

function toRegionalVariant(
  name: string,
  sick: readonly string[],
  check: (result: WorldResult, figures: Figures) => string[],
) {
  const isolates = REGIONS.flatMap((region) => toIsolates(ISOLATES_PER_REGION, region));
  return toVariant(
    name,
    (seed) =>
      toWorldPlan(seed, () => during([FAULT], fromRegions(sick, DEAD, answering()), answering()), {
        isolates,
        requestsPerSecond: 18,
      }),
    {
      sickness: sickFor([FAULT], { regions: sick }),
      mostSickCalls: FUSE_FAILURES * ISOLATES_PER_REGION * sick.length,
      check,
    },
  );
}

const regional = toRegionalVariant("unreachable from one region", ["weur"], (result) => [
  ...result.transitions
    .filter(({ object }) => object === "alpha@enam" || object === "alpha@apac")
    .map(({ object, transition }) => `[SM15] ${object} went ${transition.to}, the fault was in weur`),
  ...["enam", "apac"].flatMap((region) => {
    const now = toShare(result, region, FAULT);
    const before = toShare(result, region, { fromMs: 10_000, untilMs: FAULT.fromMs });
    const told = `${Math.round(now * 100)} % of its requests there during weur's fault, ${Math.round(before * 100)} % before`;
    return now >= before * 0.9 ? [] : [`[SM15] ${region} sent ${told}`];
  }),
]);

const spreading = toRegionalVariant("unreachable from two of three regions", ["weur", "enam"], (result) => {
  const late: Span = { fromMs: FAULT.fromMs + TOLD_WITHIN_MS, untilMs: FAULT.untilMs };
  const calls = countCalls(result, "apac", late);
  return calls === 0 ? [] : [`[SM15] apac still made ${calls} calls although most of the world could not`];
});

/** Calls of the provider, hedges and fallbacks included, for each request of the region. */
function toShare(result: WorldResult, region: string, span: Span): number {
  const asked = result.requests.filter(
    (request) => request.region === region && request.atMs >= span.fromMs && request.atMs < span.untilMs,
  );
  return countCalls(result, region, span) / asked.length;
}

function countCalls({ books }: WorldResult, region: string, { fromMs, untilMs }: Span): number {
  return books.filter(
    (call) =>
      call.provider === "alpha" &&
      call.purpose === "call" &&
      call.region === region &&
      call.startedAtMs >= fromMs &&
      call.startedAtMs < untilMs,
  ).length;
}

export const regionScenarios: readonly Scenario[] = [alone(regional), alone(spreading)];
