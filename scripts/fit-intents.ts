/**
 * `node scripts/fit-intents.ts [--cross-validate]`: fits the intent classifier to the labelled prompts for
 * training and writes src/routing/intent/intent-weights.ts. With `--cross-validate` nothing is written: it prints how well
 * each penalty does on fifths of those prompts that it did not see. Held-out prompts are not looked at in either case.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Intent } from "../src/protocol/selection.ts";
import { fitWeights, guessWith, WEIGHT_UNIT } from "./intents/fit-weights.ts";
import type { FittedWeights } from "./intents/fit-weights.ts";
import { readLabelledPrompts } from "./intents/labelled-prompts.ts";
import type { LabelledPrompt } from "./intents/labelled-prompts.ts";

const TARGET = join(dirname(dirname(fileURLToPath(import.meta.url))), "src", "routing", "intent-weights.ts");

/** Within two prompts of the best in cross-validation, and calmer than a smaller one. */
const PENALTY = 0.5;
/** Three times as many recognize one prompt more in cross-validation. */
const ROUNDS = 600;
const PENALTIES_TRIED = [0.1, 0.25, 0.5, 1, 2, 4];
const FOLDS = 5;

const toFold = (prompt: LabelledPrompt) =>
  createHash("sha256").update(prompt.text).digest().readUInt16BE(0) % FOLDS;

/** How many of the prompts are recognized by weights that were fitted without them. */
function crossValidate(prompts: readonly LabelledPrompt[], penalty: number): number {
  let recognized = 0;
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const weights = fitWeights(
      prompts.filter((prompt) => toFold(prompt) !== fold),
      { penalty, rounds: ROUNDS },
    );
    const held = prompts.filter((prompt) => toFold(prompt) === fold);
    recognized += held.filter((prompt) => guessWith(weights, prompt) === prompt.intent).length;
  }
  return recognized;
}

function toSource(weights: FittedWeights, prompts: number): string {
  const rows = [...weights]
    .filter(([, row]) => row.some((weight) => weight !== 0))
    .map(([signal, row]) => `  ${/^[a-z]+$/.test(signal) ? signal : `"${signal}"`}: [${row.join(", ")}],`);
  return `/**
 * Data: what each signal says for and against each intent, in the order of INTENT_COLUMNS. Fitted to the ${prompts}
 * training prompts of test/fixtures/intents by \`node scripts/fit-intents.ts\`; not edited by hand.
 */
import type { Intent } from "../protocol/selection.ts";

export const INTENT_COLUMNS = [
${Intent.options.map((intent) => `  "${intent}",`).join("\n")}
] as const satisfies readonly Intent[];

/** An intent whose weights add up to this much more than another's is e times as likely. */
export const WEIGHT_UNIT = ${WEIGHT_UNIT};

export const INTENT_WEIGHTS: Readonly<Record<string, readonly number[]>> = {
${rows.join("\n")}
};
`;
}

const prompts = (await readLabelledPrompts()).filter((prompt) => prompt.split === "train");
if (process.argv.includes("--cross-validate")) {
  for (const penalty of PENALTIES_TRIED) {
    const recognized = crossValidate(prompts, penalty);
    console.log(
      `penalty ${penalty}: ${recognized} of ${prompts.length} (${((100 * recognized) / prompts.length).toFixed(1)} %)`,
    );
  }
} else {
  const weights = fitWeights(prompts, { penalty: PENALTY, rounds: ROUNDS });
  await writeFile(TARGET, toSource(weights, prompts.length));
  console.log(
    `${weights.size} signals fitted to ${prompts.length} prompts: src/routing/intent/intent-weights.ts`,
  );
}
