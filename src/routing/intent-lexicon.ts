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
export const INTENT_LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "zh", "ja"] as const;
export type IntentLanguage = (typeof INTENT_LANGUAGES)[number];

/** Concept -> language -> phrases. `all` holds what is the same word everywhere. */
export type WordTable = Readonly<
  Record<string, Readonly<Record<IntentLanguage, string>> | (Partial<Record<IntentLanguage, string>> & { readonly all: string })>
>;

interface Phrase {
  readonly concept: string;
  readonly codes: Uint16Array;
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

function addTable(buckets: Map<number, Phrase[]>, table: WordTable, isOpening: boolean): void {
  for (const [concept, languages] of Object.entries(table)) {
    for (const [language, cell] of Object.entries(languages)) {
      for (const written of listPhrases(cell)) {
        const isStem = written.endsWith("*");
        const folded = foldText(isStem ? written.slice(0, -1) : written);
        const codes = folded.slice(1, -1);
        const isUnspacedPhrase = isUnspaced(codes[0] ?? 0);
        const key = toBucket(codes, 0);
        const phrase = {
          concept,
          codes,
          isOpening: isOpening && !ASKS_ANYWHERE.has(language),
          isStem: isStem || isUnspacedPhrase,
        };
        buckets.set(key, [...(buckets.get(key) ?? []), phrase]);
      }
    }
  }
}

function buildBuckets(): readonly (readonly Phrase[] | undefined)[] {
  const buckets = new Map<number, Phrase[]>();
  for (const table of [TASK_WORDS, TOPIC_WORDS, TALK_WORDS, REQUEST_WORDS, SMALL_TALK_WORDS]) addTable(buckets, table, false);
  addTable(buckets, OPENING_WORDS, true);
  return Array.from({ length: BUCKETS }, (_, key) => buckets.get(key));
}

const PHRASES = buildBuckets();

function isMatch(phrase: Phrase, codes: Uint16Array, offset: number): boolean {
  const { length } = phrase.codes;
  for (let index = 0; index < length; index += 1) {
    if (phrase.codes[index] !== codes[offset + index]) return false;
  }
  if (phrase.isOpening && codes[offset - 1] !== CLAUSE_GAP) return false;
  if (phrase.isStem) return true;
  const next = codes[offset + length];
  return isGap(next) || (next !== undefined && isUnspaced(next));
}

/** Every phrase found, in the order of the text. Work grows with the text's length alone. */
export function findWords(codes: Uint16Array): readonly WordMatch[] {
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
      for (const phrase of PHRASES[toBucket(codes, offset)] ?? []) {
        if (isMatch(phrase, codes, offset)) matches.push({ concept: phrase.concept, offset });
      }
    }
    isAfterLetter = !isWithoutSpaces;
  }
  return matches;
}
