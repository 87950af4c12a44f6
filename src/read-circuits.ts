/** Every provider's card as far as its health object answers: one that is away does not hide the others. Rule OP62. */
import { describeError } from "./auth/store/describe-error.ts";
import type { Clock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { CircuitDetail, CircuitList } from "./protocol/circuit.ts";

/** A console's page gives up on a socket that takes five seconds to open. */
export const CIRCUIT_WITHIN_MS = 2_000;

export type KnownCircuits = Omit<CircuitList, "serverTimeMs">;

export interface ReadCircuitsDeps {
  readonly providers: readonly string[];
  readonly readDetail: (provider: string) => Promise<CircuitDetail>;
  readonly clock: Clock;
  readonly log: Log;
}

/** In the order of `providers`. Never rejects. */
export async function readCircuits(deps: ReadCircuitsDeps): Promise<KnownCircuits> {
  const { providers, readDetail, clock, log } = deps;
  const answered = new AbortController();
  const late = clock.sleep(CIRCUIT_WITHIN_MS, answered.signal).then(() => "late" as const);
  const read = await Promise.allSettled(
    providers.map((provider) => Promise.race([readDetail(provider), late])),
  );
  answered.abort();
  const circuits: CircuitDetail[] = [];
  const unreachable: string[] = [];
  for (const [index, result] of read.entries()) {
    const provider = providers[index] ?? "";
    if (result.status === "fulfilled" && result.value !== "late") {
      circuits.push(result.value);
      continue;
    }
    unreachable.push(provider);
    const why = result.status === "fulfilled" ? "no answer in time" : describeError(result.reason);
    log.write("warn", "background_failed", { task: "read-circuit", error: `${provider}: ${why}` });
  }
  return { circuits, unreachable };
}
