/** How many models of a provider are remembered. A caller may pin any name: the memory must not grow with theirs. */
import type { ModelState } from "./provider-circuits.ts";

const MAX_MODELS = 64;

/** The models with room for one more, the longest unheard healthy one gone if need be; null when none may go. */
export function makeRoomForModel(
  models: Readonly<Record<string, ModelState>>,
): Record<string, ModelState> | null {
  const entries = Object.entries(models);
  if (entries.length < MAX_MODELS) return { ...models };
  const healthy = entries.filter(
    ([, { breaker }]) => breaker.state.status === "CLOSED" && breaker.mode === "auto",
  );
  const oldest = healthy.toSorted(([, left], [, right]) => left.heardAtMs - right.heardAtMs)[0];
  if (oldest === undefined) return null;
  return Object.fromEntries(entries.filter(([name]) => name !== oldest[0]));
}
