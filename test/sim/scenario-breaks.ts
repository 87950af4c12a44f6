/** Answers break off at every provider: what readers see of it is nothing. Rule SM20. */
import { answering, dyingMidStream, hanging, sometimes, type Behaviour } from "./behaviour.ts";
import { alone, toProviders, toVariant, toWorldPlan, type Scenario } from "./scenario.ts";
import type { WorldResult } from "./sim-world.ts";

/** One in twenty dies in the middle, one in two hundred falls silent there. */
const breaking: Behaviour = sometimes(
  0.05,
  dyingMidStream(),
  sometimes(0.005, hanging("stream"), answering()),
);

export const breaksEverywhere: Scenario = alone(
  toVariant(
    "every provider breaks off 1 in 18 answers",
    (seed) => ({
      ...toWorldPlan(seed, () => breaking, { requestsPerSecond: 30 }),
      providers: toProviders(() => breaking).map((provider) => ({ ...provider, behave: () => breaking })),
    }),
    { check: expectWholeAnswers },
  ),
);

/** Of the answers that broke, one in fifty may end unfinished: those that every candidate began anew. */
const MOST_UNFINISHED_SHARE = 0.02;
/** So many at least, or the world says nothing. */
const LEAST_BROKEN = 50;

function expectWholeAnswers({ requests }: WorldResult): string[] {
  const broken = requests.filter(
    ({ record: { status }, legs }) => legs.length > 1 || status === "incomplete",
  );
  const unfinished = broken.filter(({ record }) => record.status === "incomplete").length;
  if (broken.length < LEAST_BROKEN) return [`[SM20] only ${broken.length} answers broke in the middle`];
  return unfinished <= broken.length * MOST_UNFINISHED_SHARE
    ? []
    : [`[SM20] ${unfinished} of ${broken.length} answers that broke ended unfinished`];
}
