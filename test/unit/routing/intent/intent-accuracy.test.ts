/** The labelled prompts and the figures that docs/intents.md publishes about them. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readLabelledPrompts } from "../../../../scripts/intents/labelled-prompts.ts";
import { measureIntents, toPercent } from "../../../../scripts/intents/measure.ts";
import type { Share } from "../../../../scripts/intents/measure.ts";
import { Intent } from "../../../../src/protocol/selection.ts";
import { INTENT_LANGUAGES } from "../../../../src/routing/intent/intent-lexicon.ts";

const prompts = await readLabelledPrompts();
const heldOut = prompts.filter((prompt) => prompt.split === "test");
const published = (
  await readFile(new URL("../../../../docs/intents.md", import.meta.url), "utf8")
).replaceAll(/ +/g, " ");

const toRow = (name: string, share: Share) =>
  `| ${name} | ${share.recognized} of ${share.prompts} | ${toPercent(share)} % |`;

describe("measured", () => {
  it("[RT44] at least 400 prompts, no text twice, at least 12 held out for each language", () => {
    expect(prompts.length).toBeGreaterThanOrEqual(400);
    expect(new Set(prompts.map((prompt) => prompt.text.trim().toLowerCase())).size).toBe(prompts.length);
    const lacking = INTENT_LANGUAGES.filter((language) => {
      const own = heldOut.filter((prompt) => prompt.language === language);
      return own.length < 12 || new Set(own.map((prompt) => prompt.intent)).size < Intent.options.length;
    });
    expect(lacking).toEqual([]);
  });

  it("[RT44] the published shares are those of the held-out prompts", () => {
    const { overall, byIntent, byLanguage } = measureIntents(heldOut);
    expect(published).toContain(
      `${overall.recognized} of ${overall.prompts} recognized (${toPercent(overall)} %)`,
    );
    for (const [name, share] of [...byIntent, ...byLanguage]) expect(published).toContain(toRow(name, share));
    expect(overall.recognized / overall.prompts).toBeGreaterThanOrEqual(0.85);
  });

  it("[RT44] the confusion of every intent adds up to its prompts", () => {
    const { confusion, byIntent } = measureIntents(heldOut);
    for (const [labelled, guesses] of confusion) {
      const total = [...guesses.values()].reduce((sum, count) => sum + count, 0);
      expect(total).toBe(byIntent.get(labelled)?.prompts);
      expect(guesses.get(labelled)).toBe(byIntent.get(labelled)?.recognized);
    }
  });
});
