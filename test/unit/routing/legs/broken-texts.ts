/**
 * Texts as models write them, cut anywhere, and how models go on with them: what the seam has to join. Some cuts
 * cannot be told from each other by anybody, in texts that repeat themselves; `is…Clear` says which can.
 */
import fc from "fast-check";
import { isWordStart } from "../../../../src/routing/legs/is-word-start.ts";
import { Seam } from "../../../../src/routing/legs/seam.ts";

const WORDS = ["the", "of", "and", "answer", "routing", "a", "breakwater", "holds", "in", "is", "wave", "it"];
const OTHER_WORDS = [
  "harbour",
  "Größe",
  "naïve",
  "потом",
  "море",
  "कहानी",
  "don't",
  "x2",
  "https://a.example/b?c=d",
];
const EMOJI = ["🌊", "👩‍🚀", "🇩🇪", "𝒜", "é", "…", "—"];
const HAN = "海浪打在防波堤上水手们回家了今天天气很好然后继续".split("");
const CODE = [
  "  const answer = await ask(question);\n",
  "    return answer;\n",
  "}\n",
  "if (wave > 3) {\n",
  "\tprint(1)\n",
  "// and the rest\n",
];

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.constantFrom(...OTHER_WORDS) },
  { weight: 2, arbitrary: fc.stringMatching(/^[a-z]{1,9}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...EMOJI) },
);
const sentence = fc
  .tuple(fc.array(word, { minLength: 1, maxLength: 14 }), fc.constantFrom(".", "?", ":", ",", ""))
  .map(([words, end]) => words.join(" ") + end);
const listItem = fc
  .tuple(fc.constantFrom("- ", "* ", "1. ", "## ", "> "), sentence)
  .map(([mark, text]) => mark + text);
const bold = sentence.map((text) => `**${text}**`);
const code = fc
  .array(fc.constantFrom(...CODE), { minLength: 1, maxLength: 6 })
  .map((lines) => "```ts\n" + lines.join("") + "```");
const han = fc
  .array(fc.constantFrom(...HAN, "，", "。"), { minLength: 3, maxLength: 40 })
  .map((signs) => signs.join(""));
const block = fc.oneof(
  { weight: 4, arbitrary: sentence },
  { weight: 2, arbitrary: listItem },
  { weight: 1, arbitrary: bold },
  { weight: 1, arbitrary: code },
  { weight: 1, arbitrary: han },
);
const gap = fc.constantFrom(" ", " ", "\n", "\n\n", "\n\n\n", "  \n");

/** A text and the place at which its first leg broke: at least one character in, at least one before the end. */
export interface BrokenText {
  readonly whole: string;
  readonly shown: string;
  readonly rest: string;
}

/** Lines of songs, rows of tables and cases of code stand in a text more than once. */
const blocks = fc.oneof(
  fc.array(block, { minLength: 1, maxLength: 12 }),
  fc
    .tuple(
      fc.array(block, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { minLength: 2, maxLength: 12 }),
    )
    .map(([pool, choices]) => choices.map((choice) => pool[choice % pool.length] ?? "")),
);

export const brokenText: fc.Arbitrary<BrokenText> = fc
  .tuple(
    blocks,
    fc.array(gap, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("", "", "", "\n", "  "),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.boolean(),
  )
  .map(([parts, gaps, beginning, share, isBetween]) => {
    const ends: number[] = [];
    let whole = beginning;
    for (const [index, part] of parts.entries()) {
      ends.push(whole.length);
      whole += part + (gaps[index % gaps.length] ?? " ");
    }
    // What stands elsewhere as well begins where a part begins.
    const between = ends[Math.floor(share * (ends.length - 1))] ?? 0;
    const cut = isBetween && between > 0 ? between : 1 + Math.floor(share * (whole.length - 1));
    return { whole, shown: whole.slice(0, cut), rest: whole.slice(cut) };
  });

/** Where a leg of this text may be cut into network reads. */
export const pieceSizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });

export function toPieces(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return pieces;
}

export interface SeamCase {
  readonly shown: string;
  readonly anchor: string | null;
  readonly untoldSpace?: string;
}

/** What a reader sees behind the shown text; null when the leg could not be joined. */
export function joinLeg(
  { shown, anchor, untoldSpace = "" }: SeamCase,
  pieces: readonly string[],
): string | null {
  const seam = new Seam({ shown, anchor, untoldSpace });
  let joined: string | null = null;
  for (const piece of pieces) {
    if (joined !== null) {
      joined += piece;
      continue;
    }
    const step = seam.feed(piece);
    if (step.type === "diverged") return null;
    if (step.type === "joined") joined = step.text;
  }
  if (joined !== null) return joined;
  const last = seam.finish();
  return last.type === "joined" ? last.text : null;
}

/** Whitespace is not told apart where repetition is looked for. */
export const toDense = (text: string): string => text.replaceAll(/\s+/gu, "");

/** Less is no repetition by intent, as in src/routing/legs/seam.ts. */
export const LEAST_OVERLAP = 12;
const STARTED_OVER_AFTER = 48;
const MOST_PLACES = 16;

function countCommon(left: string, right: string): number {
  let count = 0;
  while (count < left.length && left[count] === right[count]) count += 1;
  return count;
}

/** Places from which the shown text up to its end is how the leg begins. */
function listRepeatedFrom(shown: string, leg: string): number[] {
  const dense = toDense(leg);
  return Array.from({ length: shown.length }, (_, start) => start).filter((start) => {
    const tail = toDense(shown.slice(start));
    return tail.length >= LEAST_OVERLAP && dense.startsWith(tail);
  });
}

/** An exact leg is clear when nothing in it reads like a repetition. */
export function isExactClear({ shown, rest }: BrokenText, anchor: string | null): boolean {
  const dense = toDense(rest);
  if (listRepeatedFrom(shown, rest).length > 0) return false;
  if (countCommon(dense, toDense(shown)) >= STARTED_OVER_AFTER) return false;
  if (anchor === null) return true;
  const words = toDense(anchor);
  return !dense.startsWith(words) && !(dense.length >= LEAST_OVERLAP && words.startsWith(dense));
}

/** A leg that repeats from `start` is clear when it could not just as well repeat from an earlier place. */
export function isTailClear({ shown, rest }: BrokenText, start: number): boolean {
  const tail = toDense(shown.slice(start));
  if (tail.length < LEAST_OVERLAP) return false;
  if (toDense(shown).split(tail.slice(0, LEAST_OVERLAP)).length > MOST_PLACES / 2) return false;
  return listRepeatedFrom(shown, shown.slice(start) + rest).every((place) => {
    const isSamePlace = toDense(shown.slice(place)).length === tail.length;
    return place >= start || isSamePlace;
  });
}

const MOST_ANCHOR_CHARACTERS = 200;

/** The words asked for stand only at the end: not so in a text that repeats itself for longer than they may be. */
export function isAnchorClear({ shown }: BrokenText): boolean {
  const dense = toDense(shown);
  return (
    dense.indexOf(dense.slice(-MOST_ANCHOR_CHARACTERS)) === Math.max(0, dense.length - MOST_ANCHOR_CHARACTERS)
  );
}

/** All places at which a model may begin a quote. */
export function listWordStarts(shown: string): number[] {
  return Array.from({ length: shown.length }, (_, at) => at).filter((at) => isWordStart(shown, at));
}

/** Every run of whitespace that stands between words, written in another way. */
export function changeSpaces(text: string, space: string): string {
  return text.replaceAll(/(?<=\S)\s+(?=\S)/gu, space);
}
