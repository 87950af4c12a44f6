/**
 * How a stand-in goes on with an answer that broke in the middle. Models differ in it, so each provider has a habit
 * of its own here and whoever joins the pieces meets them all. Rules PR86, PR88 and PR89. Pure.
 */
import type { BrokenAnswer } from "./broken-answer.ts";
import type { SandboxProvider } from "./provider-wire.ts";

/** As much of another's text as is looked for in a stand-in's own. */
const MOST_OVERLAP = 400;
/** Fewer characters stand in two texts by chance. */
const LEAST_OVERLAP = 12;
const REPEATED_CHARACTERS = 60;

type Habit = (whole: string, broken: BrokenAnswer) => string;

const goOn: Habit = (whole, { partial }) => findRest(whole, partial);
const startOver: Habit = (whole) => whole;

const PREFILL_HABITS: Readonly<Record<SandboxProvider, Habit>> = {
  anthropic: goOn,
  google: goOn,
  deepseek: (whole, broken) => (broken.isMarkedPrefix ? goOn : startOver)(whole, broken),
  openai: startOver,
};

/** Whitespace behind the partial is not repeated with its words: it comes with the rest, as it stands in the whole. */
const INSTRUCTION_HABITS: Readonly<Record<SandboxProvider, Habit>> = {
  openai: (whole, { partial, tail }) => tail.trimEnd() + findRest(whole, partial.trimEnd()),
  google: goOn,
  anthropic: (whole, { partial }) => toLastWords(partial.trimEnd()) + findRest(whole, partial.trimEnd()),
  deepseek: startOver,
};

/** What is said to go on with `broken`, where `whole` is what would have been said without a break. */
export function continueAnswer(provider: SandboxProvider, whole: string, broken: BrokenAnswer): string {
  const habits = broken.wish === "prefill" ? PREFILL_HABITS : INSTRUCTION_HABITS;
  return habits[provider](whole, broken);
}

/** About the last sixty characters, from the beginning of a word on. */
function toLastWords(partial: string): string {
  const end = partial.slice(-REPEATED_CHARACTERS);
  if (end.length === partial.length) return partial;
  const gap = /\s+/.exec(end);
  return gap === null ? end : end.slice(gap.index + gap[0].length);
}

/** What of `whole` follows `partial`, which may have been written in another voice. */
function findRest(whole: string, partial: string): string {
  if (whole.startsWith(partial)) return whole.slice(partial.length);
  const overlapEnd = findOverlapEnd(whole, partial);
  return overlapEnd === null ? findRestByLength(whole, partial) : whole.slice(overlapEnd);
}

/** Where the longest end of `partial` that stands in `whole` stops there, the last time it stands there. */
function findOverlapEnd(whole: string, partial: string): number | null {
  const most = Math.min(MOST_OVERLAP, partial.length);
  let end: number | null = null;
  // What contains a longer end contains the shorter ones, so the first miss is the last word.
  for (let length = LEAST_OVERLAP; length <= most; length += 1) {
    const start = whole.lastIndexOf(partial.slice(-length));
    if (start < 0) break;
    end = start + length;
  }
  return end;
}

/** From the first gap between words behind as many characters; the gap is kept unless the partial ends in one. */
function findRestByLength(whole: string, partial: string): string {
  const behind = whole.slice(partial.length);
  const gap = behind.search(/\s/);
  if (gap < 0) return "";
  const rest = behind.slice(gap);
  return /\s$/.test(partial) ? rest.trimStart() : rest;
}
