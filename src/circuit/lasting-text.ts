/** What of the circuits must survive a crash, as text to compare: all but windows, usual times and versions. Pure. */
import type { Breaker } from "./breaker.ts";
import type { ProviderCircuits } from "./provider-circuits.ts";

export function toLastingText({ provider, models, transitions }: ProviderCircuits): string {
  const breakers = Object.entries(models).map(([name, { breaker }]) => [name, withoutBuckets(breaker)]);
  return JSON.stringify([transitions, withoutBuckets(provider), breakers]);
}

function withoutBuckets(breaker: Breaker): Breaker {
  return { ...breaker, buckets: [] };
}
