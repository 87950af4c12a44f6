/**
 * Finds the words of the intent tables in a folded prompt. A table maps concept -> language -> phrases, apart by
 * commas; `translat*` is any word that begins so, `summary` only that word. Chinese and Japanese phrases match
 * anywhere, since those scripts have no spaces. Languages are not told apart: what a word says, it says in all.
 */
import { CLAUSE_GAP, foldText, isUnspaced, WORD_GAP } from "./intent-fold.ts";
import { OPENING_WORDS, SMALL_TALK_WORDS } from "./intent-opening-words.ts";
import { REQUEST_WORDS } from "./intent-request-words.ts";
import { TALK_WORDS } from "./intent-talk-words.ts";
import { TASK_WORDS } from "./intent-task-words.ts";
import { TOPIC_WORDS } from "./intent-topic-words.ts";

/** The languages that have words of their own in every table. */
export const INTENT_LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "nl",
  "pl",
  "tr",
  "ru",
  "zh",
  "ja",
] as const;
export type IntentLanguage = (typeof INTENT_LANGUAGES)[number];

/** Concept -> language -> phrases. `all` holds what is the same word everywhere. */
export type WordTable = Readonly<
  Record<
    string,
    | Readonly<Record<IntentLanguage, string>>
    | (Partial<Record<IntentLanguage, string>> & { readonly all: string })
  >
>;

interface Phrase {
  readonly concept: string;
  /** Its codes: `length` of them from `start` in the folded cell. Thousands of arrays of their own would cost more. */
  readonly cell: Uint16Array;
  readonly start: number;
  readonly length: number;
  /** Counted only where a clause begins. */
  readonly isOpening: boolean;
  /** Whether more letters may follow. */
  readonly isStem: boolean;
}

/** One place where a phrase was found. */
export interface WordMatch {
  readonly concept: string;
  /** Where it begins, in codes of the folded text. */
  readonly offset: number;
}

/** In these a question word stands where the answer would stand, seldom first. */
const ASKS_ANYWHERE = new Set(["tr", "zh", "ja"]);

/** A power of two well above the number of different beginnings, so that a bucket holds few phrases. */
const BUCKETS = 4_096;

const isGap = (code: number | undefined) => code === WORD_GAP || code === CLAUSE_GAP;

/** From the first three codes of a word, the first alone in scripts without spaces; what is behind a gap is not read. */
function toBucket(codes: Uint16Array, offset: number): number {
  const first = codes[offset] ?? 0;
  if (isUnspaced(first)) return first & (BUCKETS - 1);
  const second = codes[offset + 1] ?? WORD_GAP;
  if (isGap(second)) return first & (BUCKETS - 1);
  const third = codes[offset + 2] ?? WORD_GAP;
  return (first * 961 + second * 31 + (isGap(third) ? 0 : third)) & (BUCKETS - 1);
}

/** The phrases of one cell of a table, as written: with the star, not folded. */
export function listPhrases(cell: string): readonly string[] {
  return cell.split(",").map((phrase) => phrase.trim());
}

/** Whether the phrase's codes stand at an offset of a text. */
function standsAt({ cell, start, length }: Phrase, codes: Uint16Array, offset: number): boolean {
  for (let index = 0; index < length; index += 1) {
    if (cell[start + index] !== codes[offset + index]) return false;
  }
  return true;
}

function isSamePhrase(left: Phrase, right: Phrase): boolean {
  if (left.length !== right.length || left.isStem !== right.isStem || left.concept !== right.concept)
    return false;
  return standsAt(left, right.cell, right.start);
}

/** A cell's phrases, folded all at once: its commas come out as clause gaps. */
function readCell(concept: string, written: string, isOpening: boolean): readonly Phrase[] {
  const cell = foldText(written);
  let start = 1;
  return listPhrases(written).map((phrase) => {
    const length = cell.indexOf(CLAUSE_GAP, start) - start;
    const isStem = phrase.endsWith("*") || isUnspaced(cell[start] ?? 0);
    start += length + 1;
    return { concept, cell, start: start - length - 1, length, isOpening, isStem };
  });
}

function addTable(buckets: Phrase[][], table: WordTable, isOpening: boolean): void {
  for (const [concept, languages] of Object.entries(table)) {
    for (const [language, cell] of Object.entries(languages)) {
      for (const phrase of readCell(concept, cell, isOpening && !ASKS_ANYWHERE.has(language))) {
        const bucket = buckets[toBucket(phrase.cell, phrase.start)];
        // "mail" is a letter in six languages: it is still one word found, not six.
        if (bucket?.every((each) => !isSamePhrase(each, phrase))) bucket.push(phrase);
      }
    }
  }
}

function buildBuckets(): readonly (readonly Phrase[])[] {
  const buckets = Array.from({ length: BUCKETS }, (): Phrase[] => []);
  for (const table of [TASK_WORDS, TOPIC_WORDS, TALK_WORDS, REQUEST_WORDS, SMALL_TALK_WORDS]) {
    addTable(buckets, table, false);
  }
  addTable(buckets, OPENING_WORDS, true);
  return buckets;
}

/** Built with the first prompt: it takes some milliseconds, which a Worker that only serves pages need not spend. */
let builtBuckets: readonly (readonly Phrase[])[] | null = null;

function isMatch(phrase: Phrase, codes: Uint16Array, offset: number): boolean {
  if (!standsAt(phrase, codes, offset)) return false;
  if (phrase.isOpening && codes[offset - 1] !== CLAUSE_GAP) return false;
  if (phrase.isStem) return true;
  const next = codes[offset + phrase.length];
  return isGap(next) || (next !== undefined && isUnspaced(next));
}

/** Every phrase found, in the order of the text. Work grows with the text's length alone. */
export function findWords(codes: Uint16Array): readonly WordMatch[] {
  builtBuckets ??= buildBuckets();
  const matches: WordMatch[] = [];
  let isAfterLetter = false;
  for (let offset = 0; offset < codes.length; offset += 1) {
    const code = codes[offset] ?? 0;
    if (isGap(code)) {
      isAfterLetter = false;
      continue;
    }
    const isWithoutSpaces = isUnspaced(code);
    if (isWithoutSpaces || !isAfterLetter) {
      for (const phrase of builtBuckets[toBucket(codes, offset)] ?? []) {
        if (isMatch(phrase, codes, offset)) matches.push({ concept: phrase.concept, offset });
      }
    }
    isAfterLetter = !isWithoutSpaces;
  }
  return matches;
}
