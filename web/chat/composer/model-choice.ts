/** Which model a chat asks: what there is, how healthy it is, and what was chosen last. Pure but for the storage. */
import { z } from "zod";
import type { CircuitStatus } from "../../../src/protocol/circuit.ts";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";
import { formatMicroUsd } from "../../ui/format.ts";
import { forgetStored, readStored, saveStored } from "../../ui/storage.ts";

/** What is asked for when nobody chose: good answers at a fair price. */
export const DEFAULT_MODEL = "balanced";
const KEY = "breakwater.model";
const KEPT_KEY = `${KEY}s`;
/** An older chat goes on with what was asked last anywhere. */
const MAX_KEPT = 100;

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

/** Of the chats that were asked last, each with its model; the last one is the newest. */
const Kept = z.array(z.tuple([z.string(), z.string()]));

function readKept(): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readStored(KEPT_KEY) ?? "[]"));
  } catch {
    // Written by another version: a choice is soon made again.
    return [];
  }
}

/** What the chat asked last, or what was asked last anywhere; `sessionId` is empty for a chat that is not there yet. */
export function readModelChoice(sessionId: string): string {
  const kept = readKept().find(([id]) => id === sessionId);
  return kept?.[1] ?? readStored(KEY) ?? DEFAULT_MODEL;
}

/** A chat that is gone needs no choice. */
export function forgetModelChoice(sessionId: string): void {
  saveStored(KEPT_KEY, JSON.stringify(readKept().filter(([id]) => id !== sessionId)));
}

/** Remembers it for the chat and for the next new one. */
export function saveModelChoice(sessionId: string, model: string): void {
  if (sessionId !== "") {
    const others = readKept().filter(([id]) => id !== sessionId);
    saveStored(KEPT_KEY, JSON.stringify([...others, [sessionId, model]].slice(-MAX_KEPT)));
    // A version before this one kept a key for each chat, for good.
    forgetStored(`${KEY}.`);
  }
  saveStored(KEY, model);
}

/** Whoever signs in next finds no trace of these. */
export function forgetModelChoices(): void {
  forgetStored(KEY);
}
