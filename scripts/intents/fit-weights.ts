/**
 * Fits the weights of the intent classifier: multinomial logistic regression over the signals, by plain gradient
 * descent from zero. No chance is involved: the same prompts give the same weights.
 */
import { Intent } from "../../src/protocol/selection.ts";
import { readSignals } from "../../src/routing/intent-signals.ts";
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

/** The steps shrink nothing and overshoot nothing at this rate on a few hundred prompts with some ten signals each. */
const LEARNING_RATE = 0.5;
const MOMENTUM = 0.9;

/** Null for a prompt without a signal: it is `chat` by rule and teaches nothing. */
function toSample(prompt: LabelledPrompt): Sample | null {
  const { found, frame } = readSignals(prompt.text);
  if (found.size === 0) return null;
  const signals = [...found, ...frame.map((name): [string, number] => [name, 1])];
  return { signals, label: Intent.options.indexOf(prompt.intent) };
}

function toLikelihoods(weights: ReadonlyMap<string, Float64Array>, sample: Sample): Float64Array {
  const sums = new Float64Array(Intent.options.length);
  for (const [signal, strength] of sample.signals) {
    const row = weights.get(signal);
    if (row) for (let index = 0; index < row.length; index += 1) sums[index]! += row[index]! * strength;
  }
  const highest = Math.max(...sums);
  const likelihoods = sums.map((sum) => Math.exp(sum - highest));
  const total = likelihoods.reduce((sum, each) => sum + each, 0);
  return likelihoods.map((each) => each / total);
}

/** Weights for the prompts given; only those of the training half may be given. */
export function fitWeights(prompts: readonly LabelledPrompt[], options: FitOptions): FittedWeights {
  const samples = prompts.map(toSample).filter((sample) => sample !== null);
  const names = new Set(samples.flatMap((sample) => sample.signals.map(([name]) => name)));
  const toRows = () => new Map([...names].sort().map((name) => [name, new Float64Array(Intent.options.length)]));
  const weights = toRows();
  const velocity = toRows();
  for (let round = 0; round < options.rounds; round += 1) {
    const gradient = toRows();
    for (const sample of samples) {
      const likelihoods = toLikelihoods(weights, sample);
      likelihoods[sample.label]! -= 1;
      for (const [signal, strength] of sample.signals) {
        const row = gradient.get(signal)!;
        for (let index = 0; index < row.length; index += 1) row[index]! += likelihoods[index]! * strength;
      }
    }
    for (const [name, row] of weights) {
      for (let index = 0; index < row.length; index += 1) {
        const slope = (gradient.get(name)![index]! + options.penalty * row[index]!) / samples.length;
        velocity.get(name)![index] = MOMENTUM * velocity.get(name)![index]! - LEARNING_RATE * slope;
        row[index]! += velocity.get(name)![index]!;
      }
    }
  }
  return new Map([...weights].map(([name, row]) => [name, [...row].map((each) => Math.round(each * WEIGHT_UNIT))]));
}

/** The intent that these weights give, by the same rules as the classifier. */
export function guessWith(weights: FittedWeights, prompt: LabelledPrompt): Intent {
  const sample = toSample(prompt);
  if (!sample?.signals.some(([signal]) => weights.has(signal))) return "chat";
  const sums = Intent.options.map((_, index) =>
    sample.signals.reduce((sum, [signal, strength]) => sum + (weights.get(signal)?.[index] ?? 0) * strength, 0),
  );
  return Intent.options[sums.indexOf(Math.max(...sums))] ?? "chat";
}
