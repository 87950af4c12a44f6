/** Reads the labelled prompts of test/fixtures/intents: one JSON object a line, one file a language. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Intent } from "../../src/protocol/selection.ts";
import { INTENT_LANGUAGES } from "../../src/routing/intent/intent-lexicon.ts";

const FOLDER = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "test", "fixtures", "intents");

const LabelledPrompt = z.strictObject({
  text: z.string().min(1),
  language: z.enum(INTENT_LANGUAGES),
  intent: Intent,
  /** `train`: words and weights may be chosen with it. `test`: held out, only ever measured. */
  split: z.enum(["train", "test"]),
});
export type LabelledPrompt = z.infer<typeof LabelledPrompt>;

/** Every prompt, in the order of file names and lines. A line of another shape is a bug and throws. */
export async function readLabelledPrompts(): Promise<readonly LabelledPrompt[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".jsonl")).sort();
  const files = await Promise.all(names.map((name) => readFile(join(FOLDER, name), "utf8")));
  return files.flatMap((file) =>
    file
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => LabelledPrompt.parse(JSON.parse(line))),
  );
}
