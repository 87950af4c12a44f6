/**
 * Guesses what a question is about, without asking a model: cheap, deterministic, and written into every selection
 * so that routing can be compared by intent. Signals (intent-signals.ts) times weights (intent-weights.ts, fitted to
 * our labelled prompts) make the scores. How good it is: docs/intents.md. Rules RT1 to RT3 and RT40 to RT44.
 */
import type { Intent } from "../../protocol/selection.ts";
import { readSignals } from "./intent-signals.ts";
import { INTENT_COLUMNS, INTENT_WEIGHTS, WEIGHT_UNIT } from "./intent-weights.ts";

/** Scores are kept to three places: more would be a precision that the labelled prompts do not carry. */
const SCORE_STEPS = 1_000;

export interface IntentGuess {
  readonly intent: Intent;
  /** How likely each intent is, from 0 to 1, together about 1; one below 0.001 is missing, all are without a signal. */
  readonly scores: Readonly<Partial<Record<Intent, number>>>;
}

/** A map, since a signal's name is never looked up in an object's prototype. */
const WEIGHTS: ReadonlyMap<string, readonly number[]> = new Map(Object.entries(INTENT_WEIGHTS));

/** `chat` when no signal is found. Takes some tens of microseconds; a prompt's length beyond 4,000 adds nothing. */
export function readIntent(text: string): Intent {
  const sums = sumWeights(text);
  return sums === null ? "chat" : pickIntent(sums);
}

/** As `readIntent`, with how likely each intent is, which costs half as much again. */
export function classifyIntent(text: string): IntentGuess {
  const sums = sumWeights(text);
  return sums === null
    ? { intent: "chat", scores: {} }
    : { intent: pickIntent(sums), scores: toScores(sums) };
}

/** For each of INTENT_COLUMNS what speaks for it; null when no signal is found. */
function sumWeights(text: string): readonly number[] | null {
  const { found, frame } = readSignals(text);
  const sums = INTENT_COLUMNS.map(() => 0);
  let isSignalled = false;
  for (const [signal, strength] of found) isSignalled = addWeights(sums, signal, strength) || isSignalled;
  if (!isSignalled) return null;
  for (const signal of frame) addWeights(sums, signal, 1);
  return sums;
}

/** The intent with the highest sum, given in the order of INTENT_COLUMNS; on a tie the one that stands first there. */
export function pickIntent(sums: readonly number[]): Intent {
  return INTENT_COLUMNS[sums.indexOf(Math.max(...sums))] ?? "chat";
}

/** Whether the signal has weights at all; one that the labelled prompts never showed says nothing. */
function addWeights(sums: number[], signal: string, strength: number): boolean {
  const row = WEIGHTS.get(signal);
  if (!row) return false;
  // A plain loop: this runs some fifteen times a prompt, and an iterator would be a third of the whole cost.
  for (let index = 0; index < sums.length; index += 1) {
    sums[index] = (sums[index] ?? 0) + (row[index] ?? 0) * strength;
  }
  return true;
}

/** Sums to likelihoods (softmax); the largest sum is taken off first, so that nothing overflows. */
function toScores(sums: readonly number[]): IntentGuess["scores"] {
  const highest = Math.max(...sums);
  const likelihoods = sums.map((sum) => Math.exp((sum - highest) / WEIGHT_UNIT));
  const total = likelihoods.reduce((sum, likelihood) => sum + likelihood, 0);
  const scores: Partial<Record<Intent, number>> = {};
  for (const [index, intent] of INTENT_COLUMNS.entries()) {
    const score = Math.round(((likelihoods[index] ?? 0) / total) * SCORE_STEPS) / SCORE_STEPS;
    if (score > 0) scores[intent] = score;
  }
  return scores;
}
