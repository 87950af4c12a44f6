/** Which model a chat asks: what there is, how healthy it is, and what was chosen last. Pure but for the storage. */
import type { CircuitStatus } from "../../src/protocol/circuit.ts";
import type { ModelCatalog } from "../../src/protocol/model-list.ts";
import { formatMicroUsd } from "../ui/format.ts";
import { readStored, saveStored } from "../ui/storage.ts";

/** What is asked for when nobody chose: good answers at a fair price. */
export const DEFAULT_MODEL = "balanced";
const KEY = "breakwater.model";

export type Health = "good" | "partial" | "bad";

/** Of a class: good when every target can answer, bad when none can. */
export function toHealth(circuits: readonly CircuitStatus[]): Health {
  const closed = circuits.filter((status) => status === "CLOSED").length;
  if (closed === circuits.length) return "good";
  return closed === 0 && circuits.every((status) => status === "OPEN") ? "bad" : "partial";
}

type Target = ModelCatalog["targets"][number];

/** `$0.15 in · $0.60 out`, for a million tokens. */
export function toPriceText(target: Target): string {
  const { inputMicroUsdPerMillion: input, outputMicroUsdPerMillion: output } = target;
  if (input === null || output === null) return "price unknown";
  return `${formatMicroUsd(input)} in · ${formatMicroUsd(output)} out`;
}

/** Whether a search finds it: every word in its name, provider or model id. */
export function matchesSearch(target: Target, search: string): boolean {
  const text = `${target.displayName} ${target.target}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What the chat asked last, or what was asked last anywhere; `sessionId` is empty for a chat that is not there yet. */
export function readModelChoice(sessionId: string): string {
  return readStored(`${KEY}.${sessionId}`) ?? readStored(KEY) ?? DEFAULT_MODEL;
}

/** Remembers it for the chat and for the next new one. */
export function saveModelChoice(sessionId: string, model: string): void {
  if (sessionId !== "") saveStored(`${KEY}.${sessionId}`, model);
  saveStored(KEY, model);
}
