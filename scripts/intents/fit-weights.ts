/**
 * Fits the weights of the intent classifier: multinomial logistic regression over the signals, by plain gradient
 * descent from zero. No chance is involved: the same prompts give the same weights.
 */
import { Intent } from "../../src/protocol/selection.ts";
import { readSignals } from "../../src/routing/intent/intent-signals.ts";
import type { LabelledPrompt } from "./labelled-prompts.ts";

export interface FitOptions {
  /** How strongly weights are held near zero; chosen by cross-validation on the training prompts. */
  readonly penalty: number;
  readonly rounds: number;
}

/** A weight of 100 makes an intent e times as likely against the others: whole numbers add up alike everywhere. */
export const WEIGHT_UNIT = 100;

/** Signal -> weights in the order of the intents, whole numbers of 1 / WEIGHT_UNIT. */
export type FittedWeights = ReadonlyMap<string, readonly number[]>;

interface Sample {
  readonly signals: readonly (readonly [string, number])[];
  readonly label: number;
}

type Rows = ReadonlyMap<string, Float64Array>;

/** At this rate and momentum the loss fell in every round on a thousand prompts with some fifteen signals each. */
const LEARNING_RATE = 0.5;
const MOMENTUM = 0.9;

/** Null for a prompt without a signal: it is `chat` by rule and teaches nothing. */
function toSample(prompt: LabelledPrompt): Sample | null {
  const { found, frame } = readSignals(prompt.text);
  if (found.size === 0) return null;
  const signals = [...found, ...frame.map((name): [string, number] => [name, 1])];
  return { signals, label: Intent.options.indexOf(prompt.intent) };
}

const toRows = (names: readonly string[]): Rows =>
  new Map(names.map((name) => [name, new Float64Array(Intent.options.length)]));

/** Adds `values` times `factor` to a row, in place. */
function addScaled(row: Float64Array | undefined, values: Float64Array, factor: number): void {
  if (!row) return;
  for (let index = 0; index < row.length; index += 1) {
    row[index] = (row[index] ?? 0) + (values[index] ?? 0) * factor;
  }
}

/** How far the likelihoods under these weights are from the truth, by intent. */
function toErrors(weights: Rows, sample: Sample): Float64Array {
  const sums = new Float64Array(Intent.options.length);
  for (const [signal, strength] of sample.signals) {
    const row = weights.get(signal);
    if (row) addScaled(sums, row, strength);
  }
  const highest = Math.max(...sums);
  const likelihoods = sums.map((sum) => Math.exp(sum - highest));
  const total = likelihoods.reduce((sum, each) => sum + each, 0);
  return likelihoods.map((each, index) => each / total - (index === sample.label ? 1 : 0));
}

/** Weights for the prompts given; only training prompts may be given. */
export function fitWeights(prompts: readonly LabelledPrompt[], options: FitOptions): FittedWeights {
  const samples = prompts.map(toSample).filter((sample) => sample !== null);
  const names = [...new Set(samples.flatMap((sample) => sample.signals.map(([name]) => name)))].sort();
  const weights = toRows(names);
  const steps = toRows(names);
  for (let round = 0; round < options.rounds; round += 1) {
    const gradient = toRows(names);
    for (const sample of samples) {
      const errors = toErrors(weights, sample);
      for (const [signal, strength] of sample.signals) addScaled(gradient.get(signal), errors, strength);
    }
    for (const [name, row] of weights) {
      const slope = gradient.get(name) ?? new Float64Array(row.length);
      addScaled(slope, row, options.penalty);
      const step = steps.get(name)?.map((each) => each * MOMENTUM) ?? new Float64Array(row.length);
      addScaled(step, slope, -LEARNING_RATE / samples.length);
      steps.get(name)?.set(step);
      addScaled(row, step, 1);
    }
  }
  return new Map(
    [...weights].map(([name, row]) => [name, [...row].map((each) => Math.round(each * WEIGHT_UNIT))]),
  );
}

/** The intent that these weights give, by the same rules as the classifier. */
export function guessWith(weights: FittedWeights, prompt: LabelledPrompt): Intent {
  const sample = toSample(prompt);
  if (!sample?.signals.some(([signal]) => weights.has(signal))) return "chat";
  const sums = Intent.options.map((_, index) =>
    sample.signals.reduce(
      (sum, [signal, strength]) => sum + (weights.get(signal)?.[index] ?? 0) * strength,
      0,
    ),
  );
  return Intent.options[sums.indexOf(Math.max(...sums))] ?? "chat";
}
