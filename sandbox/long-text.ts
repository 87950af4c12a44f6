/**
 * Text of any length for `[[words:N]]`. Like a writer's it never repeats itself for longer than a sentence: each
 * sentence has a number of its own. Pure.
 */

/** A paragraph of eighty words reads like prose. */
const PARAGRAPH_WORDS = 80;

/** Short, so that no long stretch is without a number. */
const SENTENCES: readonly ((number: string) => string)[] = [
  (number) => `This is sentence ${number}, and no model wrote it.`,
  (number) => `Words come one by one until ${number} sentences stand here.`,
  (number) => `Stop after ${number}, and the text waits where it was.`,
  (number) => `Whoever counts along has come to ${number} by now.`,
  (number) => `Nothing was looked up for ${number}, and nothing left this machine.`,
  (number) => `Asked again, the stand-in would say ${number} in the same way.`,
];

const SMALL_NUMBERS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** One word, spelled out below a hundred as is the custom. */
function toNumberWord(number: number): string {
  if (number >= 100) return String(number);
  const small = SMALL_NUMBERS[number];
  if (small !== undefined) return small;
  const tens = TENS[Math.floor(number / 10) - 2] ?? "";
  return number % 10 === 0 ? tens : `${tens}-${SMALL_NUMBERS[number % 10] ?? ""}`;
}

/** Exactly so many words; the seed chooses with which sentence it begins. */
export function toLongText(wordCount: number, seed: number): string {
  const words: string[] = [];
  for (let number = 1; words.length < wordCount; number += 1) {
    const toSentence = SENTENCES[(seed + number) % SENTENCES.length];
    words.push(...(toSentence?.(toNumberWord(number)) ?? "").split(" "));
  }
  const paragraphs: string[] = [];
  for (let start = 0; start < wordCount; start += PARAGRAPH_WORDS) {
    paragraphs.push(words.slice(start, Math.min(start + PARAGRAPH_WORDS, wordCount)).join(" "));
  }
  return paragraphs.join("\n\n");
}
