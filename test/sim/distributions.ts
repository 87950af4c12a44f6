/**
 * How long things take in the simulated world: distributions drawn from a given random. Whole milliseconds, since
 * that is what the platform's clock counts.
 */
import type { Random } from "../../src/base/random.ts";

export type Distribution = (random: Random) => number;

/** Around a median; `spread` is the sigma of the logarithm: 0.3 is steady, 1 is wild. */
export function lognormal(medianMs: number, spread: number): Distribution {
  return (random) => Math.round(medianMs * Math.exp(spread * drawNormal(random)));
}

/** From a least time on, with a tail that the shape makes heavy: below 2 its variance is infinite. */
export function pareto(leastMs: number, shape: number, mostMs: number): Distribution {
  return (random) => Math.round(Math.min(mostMs, leastMs / (1 - random()) ** (1 / shape)));
}

/** One distribution in so many of the draws, the other in the rest. */
export function mixed(share: number, seldom: Distribution, often: Distribution): Distribution {
  return (random) => (random() < share ? seldom(random) : often(random));
}

export function scaled(factor: number, distribution: Distribution): Distribution {
  return (random) => Math.round(factor * distribution(random));
}

/** The time between two arrivals of a Poisson process. */
export function drawArrivalGapMs(ratePerSecond: number, random: Random): number {
  return Math.round((-Math.log(1 - random()) * 1_000) / ratePerSecond);
}

/** Box and Muller. */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
