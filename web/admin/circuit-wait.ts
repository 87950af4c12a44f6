/** What a circuit waits for, the provider's own or a model's, as a reader sees it. Pure. Rule WB41. */
import type { CircuitMode, CircuitStatus } from "../../src/protocol/circuit.ts";
import { formatCountdown } from "../ui/format.ts";

interface Waiting {
  readonly status: CircuitStatus;
  readonly mode: CircuitMode;
  readonly openUntilMs: number | null;
  readonly coolDownUntilMs: number | null;
}

/** What is left of the pause the provider asked for, milliseconds; null when there is none. */
export function toCoolDownMs(
  { coolDownUntilMs }: Pick<Waiting, "coolDownUntilMs">,
  nowMs: number,
): number | null {
  return coolDownUntilMs !== null && coolDownUntilMs > nowMs ? coolDownUntilMs - nowMs : null;
}

/** Words and seconds; empty when it waits for nothing. `nextProbeAtMs` is null where no probe is planned. */
export function toWaitText(circuit: Waiting, nextProbeAtMs: number | null, nowMs: number): string {
  if (circuit.mode === "forced-open") return "No probe: held open";
  if (circuit.status === "HALF_OPEN") return "A probe is on its way";
  const probeAtMs = nextProbeAtMs ?? circuit.openUntilMs;
  if (circuit.status === "OPEN") {
    if (probeAtMs === null) return "";
    return probeAtMs > nowMs ? `Probe in ${formatCountdown(probeAtMs - nowMs)}` : "Probe is due";
  }
  return nextProbeAtMs !== null && nextProbeAtMs > nowMs
    ? `Next check in ${formatCountdown(nextProbeAtMs - nowMs)}`
    : "";
}
