/** The models on a circuit's card: which come first, and what is said of each. Pure. Rules WB42 and WB43. */
import type { ModelCircuit, Usual } from "../../src/protocol/circuit.ts";
import { formatDuration, formatPlural } from "../ui/format.ts";
import { toCoolDownMs } from "./circuit-wait.ts";

/** More than these are behind a button, unless they are in trouble. */
const SHOWN_AT_FIRST = 3;

/** Down first, then in doubt, then asked to wait, then well. */
function toRank(circuit: ModelCircuit, nowMs: number): number {
  if (circuit.status === "OPEN") return 0;
  if (circuit.status === "HALF_OPEN") return 1;
  if (circuit.suspect) return 2;
  if (toCoolDownMs(circuit, nowMs) !== null) return 3;
  return circuit.mode === undefined || circuit.mode === "auto" ? 5 : 4;
}

export interface ModelRows {
  /** Those in trouble, and the first of the others. */
  readonly first: readonly ModelCircuit[];
  /** Healthy ones that a reader has to ask for. */
  readonly more: readonly ModelCircuit[];
}

/** In order of trouble, then by name; nothing that is in trouble is hidden. */
export function toModelRows(models: readonly ModelCircuit[], nowMs: number): ModelRows {
  const ranked = models
    .map((circuit) => ({ circuit, rank: toRank(circuit, nowMs) }))
    .toSorted((a, b) => a.rank - b.rank || a.circuit.model.localeCompare(b.circuit.model));
  const inTrouble = ranked.filter(({ rank }) => rank < 5).length;
  // One row behind a button would take as much room as the button.
  const shown = ranked.length <= SHOWN_AT_FIRST + 1 ? ranked.length : Math.max(inTrouble, SHOWN_AT_FIRST);
  const circuits = ranked.map(({ circuit }) => circuit);
  return { first: circuits.slice(0, shown), more: circuits.slice(shown) };
}

/** `first token 320 ms, p95 1.2 s · 84 tokens/s · 40 calls`; that nothing is known yet when it is not. */
export function toUsualText({ samples, firstTokenP50Ms, firstTokenP95Ms, tokensPerSecond }: Usual): string {
  if (samples === 0) return "no good call yet";
  const parts = [
    firstTokenP50Ms === null ? "" : `first token ${formatDuration(firstTokenP50Ms)}`,
    firstTokenP95Ms === null ? "" : `p95 ${formatDuration(firstTokenP95Ms)}`,
    tokensPerSecond === null
      ? ""
      : `${tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : Math.round(tokensPerSecond)} tokens/s`,
    formatPlural(samples, "call"),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
