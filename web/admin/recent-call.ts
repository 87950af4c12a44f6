/** One call on a circuit's card: what it says of the provider, and which of them a card shows. Pure. Rules WB49 and WB50. */
import type { CircuitCall } from "../../src/protocol/circuit.ts";

/** As many as a card carries. */
export const MAX_CALLS = 20;

/** `pause`: a rate limit. `neutral`: our own request was refused or stopped. Neither is the provider's failure. */
export type CallTone = "good" | "bad" | "pause" | "neutral";

/** By the kind of failure that an error begins with; every other kind is the provider's failure. */
const TONES = new Map<string, CallTone>([
  ["rate-limited", "pause"],
  ["bad-request", "neutral"],
  ["context-too-long", "neutral"],
  ["content-refused", "neutral"],
  ["unjoinable", "neutral"],
  ["too-long", "neutral"],
  ["files-away", "neutral"],
  ["cancelled", "neutral"],
]);

/** What a call says of its provider. */
export function toCallTone({ ok, error }: CircuitCall): CallTone {
  if (ok) return "good";
  return TONES.get(error.split(":", 1)[0] ?? "") ?? "bad";
}

/** `Last 4 calls and probes, 3 failed`. */
export function toCallsSummary(calls: readonly CircuitCall[]): string {
  if (calls.length === 0) return "No calls lately";
  const which = calls.length === 1 ? "The last call or probe" : `Last ${calls.length} calls and probes`;
  const failed = calls.filter((call) => toCallTone(call) === "bad").length;
  return `${which}, ${failed === 0 ? "none" : failed} failed`;
}

const toKey = ({ atMs, kind, model, requestId }: CircuitCall): string =>
  `${atMs} ${kind} ${model} ${requestId ?? ""}`;

/** Newest first. A circuit forgets its calls when it sleeps; a page that has seen them keeps them beside the new ones. */
export function mergeCalls(known: readonly CircuitCall[], came: readonly CircuitCall[]): CircuitCall[] {
  const keys = new Set(came.map(toKey));
  return [...came, ...known.filter((call) => !keys.has(toKey(call)))]
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, MAX_CALLS);
}
