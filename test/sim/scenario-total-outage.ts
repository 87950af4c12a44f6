/** The scenario in which every provider fails at once, and how they come back. Rule SM12. */
import { answering, during, OVERLOADED, type Span } from "./behaviour.ts";
import { alone, toVariant, toWorldPlan } from "./scenario.ts";
import type { WorldResult } from "./sim-world.ts";

const BLACKOUT: Span = { fromMs: 30_000, untilMs: 50_000 };
/** Open times have doubled three times by then: the longest is 40 s and its jitter. */
const BACK_WITHIN_MS = 50_000;
/** For every isolate to hear of the first circuit that closed. */
const HEARD_WITHIN_MS = 1_000;
/** Isolates that still have calls under way meet the outage's first refusals a little before it is noted. */
const BEFORE_MS = 2_000;

export const totalOutage = alone(
  toVariant(
    "total outage and recovery",
    (seed) => {
      const behave = () => during([BLACKOUT], OVERLOADED, answering());
      const plan = toWorldPlan(seed, behave, { durationMs: 130_000 });
      return { ...plan, providers: plan.providers.map((provider) => ({ ...provider, behave })) };
    },
    {
      sickness: { provider: "alpha", model: null, regions: null, spans: [BLACKOUT] },
      failuresAllowed: (result) => [
        { fromMs: BLACKOUT.fromMs - BEFORE_MS, untilMs: findBackMs(result) + HEARD_WITHIN_MS },
      ],
      check: (result) =>
        findBackMs(result) < BLACKOUT.untilMs + BACK_WITHIN_MS
          ? []
          : [`[SM12] no candidate of every class was back ${BACK_WITHIN_MS} ms after the outage`],
    },
  ),
);

/** When each class had a candidate again whose provider's and model's circuits were both closed. */
function findBackMs({ transitions, plan }: WorldResult): number {
  const closed = new Map<string, boolean>();
  const isClosed = (target: string): boolean => {
    const [provider = ""] = target.split("/");
    return (closed.get(provider) ?? true) && (closed.get(target) ?? true);
  };
  const isBack = (): boolean => plan.classes.every(({ targets }) => targets.some(isClosed));
  for (const { object, atMs, transition } of transitions) {
    const name = transition.model === null ? object : `${object}/${transition.model}`;
    closed.set(name, transition.to === "CLOSED");
    if (atMs >= BLACKOUT.untilMs && isBack()) return atMs;
  }
  return Infinity;
}
