/** Draws from a given random: one of several, a number between two, a stream of its own for each part of a world. */
import type { Random } from "../../../src/base/random.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";
import { hashText } from "./sim-text.ts";

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("there is nothing to pick from");
  return value;
}

export function pickWeighted<Value>(random: Random, values: readonly (readonly [number, Value])[]): Value {
  let left = random() * values.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, value] of values) {
    left -= weight;
    if (left < 0) return value;
  }
  throw new Error("nothing has a weight");
}

/** A whole number from `least` on and below `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least));
}

/** Every part draws from a stream of its own, so that a change in one does not shift the others' luck. */
export function streamOf(seed: number, name: string): Random {
  const random = createSeededRandom(hashText(`${seed} ${name}`));
  random();
  return random;
}
