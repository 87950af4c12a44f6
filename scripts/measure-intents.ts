/**
 * `node scripts/measure-intents.ts [--train]`: how well the intent classifier does on the held-out labelled prompts
 * (`--train`: on those its words and weights were chosen with), and what a prompt costs. With `--train` the prompts
 * that are not recognized are listed, too; of those held out none is shown, so that nobody tunes to them.
 */
import { Intent } from "../src/protocol/selection.ts";
import { classifyIntent } from "../src/routing/intent/intent.ts";
import { readLabelledPrompts } from "./intents/labelled-prompts.ts";
import type { LabelledPrompt } from "./intents/labelled-prompts.ts";
import { measureIntents, toPercent } from "./intents/measure.ts";
import type { Measurement, Share } from "./intents/measure.ts";

/** Enough for the compiler to have settled and for a median that stays. */
const WARM_UP_ROUNDS = 30;
const TIMED_ROUNDS = 100;

const printShares = (title: string, shares: ReadonlyMap<string, Share>) => {
  console.log(`\n${title}`);
  for (const [name, share] of shares) {
    console.log(
      `  ${name.padEnd(12)} ${toPercent(share).padStart(5)} %  ${share.recognized} of ${share.prompts}`,
    );
  }
};

function printConfusion(confusion: Measurement["confusion"]): void {
  const cell = (value: number | string) => String(value).padStart(6);
  console.log("\nLabelled (rows) and guessed (columns)");
  console.log(`  ${" ".repeat(12)}${Intent.options.map((intent) => cell(intent.slice(0, 5))).join("")}`);
  for (const [labelled, guesses] of confusion) {
    console.log(
      `  ${labelled.padEnd(12)}${[...guesses.values()].map((count) => cell(count || "·")).join("")}`,
    );
  }
}

/** Microseconds a prompt, over all texts in turn: the median round, since other programs take the processor, too. */
function measureCostUs(texts: readonly string[]): number {
  const roundsUs: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + TIMED_ROUNDS; round += 1) {
    const startedMs = performance.now();
    for (const text of texts) classifyIntent(text);
    if (round >= WARM_UP_ROUNDS) roundsUs.push(((performance.now() - startedMs) * 1_000) / texts.length);
  }
  return roundsUs.toSorted((left, right) => left - right)[TIMED_ROUNDS / 2] ?? 0;
}

function printCost(prompts: readonly LabelledPrompt[]): void {
  const texts = prompts.map((prompt) => prompt.text);
  const characters = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  const prose = `${texts.filter((text) => !text.includes("\n")).join(" ")} `.repeat(50).slice(0, 50_000);
  console.log(
    `\nCost: ${measureCostUs(texts).toFixed(1)} µs a prompt of ${characters.toFixed(0)} characters on average`,
  );
  console.log(`      ${measureCostUs([prose]).toFixed(1)} µs for a prompt of ${prose.length} characters`);
}

const split = process.argv.includes("--train") ? "train" : "test";
const prompts = (await readLabelledPrompts()).filter((prompt) => prompt.split === split);
const measured = measureIntents(prompts);
console.log(
  `${split === "test" ? "Held-out" : "Training"} prompts: ${toPercent(measured.overall)} % recognized`,
);
console.log(`  ${measured.overall.recognized} of ${measured.overall.prompts}`);
printShares("By intent", measured.byIntent);
printShares("By language", measured.byLanguage);
printConfusion(measured.confusion);
printCost(prompts);
if (split === "train") {
  console.log("\nNot recognized");
  for (const { text, language, intent } of prompts) {
    const guess = classifyIntent(text);
    if (guess.intent !== intent) {
      console.log(`  ${language} ${intent}, guessed ${guess.intent}: ${JSON.stringify(text.slice(0, 90))}`);
    }
  }
}
