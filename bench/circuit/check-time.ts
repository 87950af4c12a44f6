/**
 * How long a check of a target's circuit takes: the real CircuitClient on a warm cache, one check at a time, on Node's
 * V8. A clock inside workerd stands still between two events, so single checks cannot be timed there.
 */
import { CircuitClient, type CircuitCache } from "../../src/circuit/client.ts";
import { readTargetCircuit } from "../../src/circuit/target-circuit.ts";
import { NOTHING_USUAL, type CircuitSnapshot } from "../../src/protocol/circuit.ts";
import { consoleLog, systemClock } from "../../src/system.ts";
import { quantileOf } from "../measure.ts";

const PROVIDERS = 6;
/** More than any provider's models in the catalog. */
const MODELS = 20;
const CHECKS = 100_000;
/** Until the compiler has seen enough. */
const WARM_UP_CHECKS = 20_000;

export interface CheckTime {
  readonly p50Us: number;
  readonly p99Us: number;
}

export async function measureCheckTime(): Promise<CheckTime> {
  const cache: CircuitCache = new Map();
  const client = new CircuitClient({
    cache,
    log: consoleLog,
    clock: systemClock,
    authority: {
      readSnapshot: async (provider) => toSnapshot(provider),
      reportOutcomes: async (provider) => toSnapshot(provider),
    },
    waitUntil: (work) => void work,
  });
  const providers = Array.from({ length: PROVIDERS }, (_, index) => `provider-${index}`);
  await client.warm(providers);
  const timesUs: number[] = [];
  for (let index = 0; index < WARM_UP_CHECKS + CHECKS; index += 1) {
    const provider = providers[index % PROVIDERS] ?? "";
    const model = `model-${index % (MODELS * 2)}`;
    const startedMs = performance.now();
    const circuit = readTargetCircuit(client.read(provider), model);
    const timeUs = (performance.now() - startedMs) * 1_000;
    if (circuit?.status !== "CLOSED") throw new Error("every circuit of this measurement is closed");
    if (index >= WARM_UP_CHECKS) timesUs.push(timeUs);
  }
  return { p50Us: quantileOf(timesUs, 0.5), p99Us: quantileOf(timesUs, 0.99) };
}

function toSnapshot(provider: string): CircuitSnapshot {
  return {
    provider,
    version: 1,
    status: "CLOSED",
    mode: "auto",
    suspect: false,
    openUntilMs: null,
    coolDownUntilMs: null,
    reason: "measured",
    failureCount: 0,
    failureThreshold: 3,
    changedAtMs: 0,
    models: Array.from({ length: MODELS }, (_, index) => ({
      model: `model-${index}`,
      status: "CLOSED" as const,
      suspect: false,
      openUntilMs: null,
      coolDownUntilMs: null,
      reason: "measured",
      failureCount: 0,
      usual: NOTHING_USUAL,
    })),
  };
}
