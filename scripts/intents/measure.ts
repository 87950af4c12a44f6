/** How well the intent classifier does on labelled prompts: shares, by intent and language, and what it confuses. */
import { Intent } from "../../src/protocol/selection.ts";
import { INTENT_LANGUAGES } from "../../src/routing/intent/intent-lexicon.ts";
import { classifyIntent } from "../../src/routing/intent/intent.ts";
import type { LabelledPrompt } from "./labelled-prompts.ts";

export interface Share {
  readonly recognized: number;
  readonly prompts: number;
}

export interface Measurement {
  readonly overall: Share;
  readonly byIntent: ReadonlyMap<string, Share>;
  readonly byLanguage: ReadonlyMap<string, Share>;
  /** Labelled intent -> guessed intent -> prompts. */
  readonly confusion: ReadonlyMap<Intent, ReadonlyMap<Intent, number>>;
}

interface Judged {
  readonly prompt: LabelledPrompt;
  readonly guess: Intent;
}

function toShare(judged: readonly Judged[]): Share {
  return {
    recognized: judged.filter(({ prompt, guess }) => guess === prompt.intent).length,
    prompts: judged.length,
  };
}

/** Percent with one decimal, as it is printed and published: "91.4". A share of nothing is "0.0". */
export function toPercent(share: Share): string {
  return ((100 * share.recognized) / Math.max(share.prompts, 1)).toFixed(1);
}

/** Classifies every prompt once. The same prompts always give the same measurement. */
export function measureIntents(prompts: readonly LabelledPrompt[]): Measurement {
  const judged = prompts.map((prompt) => ({ prompt, guess: classifyIntent(prompt.text).intent }));
  const shareOf = (isMeant: (prompt: LabelledPrompt) => boolean) =>
    toShare(judged.filter((each) => isMeant(each.prompt)));
  const countGuesses = (labelled: Intent, guessed: Intent) =>
    judged.filter(({ prompt, guess }) => prompt.intent === labelled && guess === guessed).length;
  return {
    overall: toShare(judged),
    byIntent: new Map(
      Intent.options.map((intent) => [intent, shareOf((prompt) => prompt.intent === intent)]),
    ),
    byLanguage: new Map(
      INTENT_LANGUAGES.map((language) => [language, shareOf((prompt) => prompt.language === language)]),
    ),
    confusion: new Map(
      Intent.options.map((labelled) => [
        labelled,
        new Map(Intent.options.map((guessed) => [guessed, countGuesses(labelled, guessed)])),
      ]),
    ),
  };
}
