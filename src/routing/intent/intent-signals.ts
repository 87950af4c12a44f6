/**
 * From a prompt to its signals: the words and the shapes that were found in it, by name, with how strongly. What each
 * says about the intent is not known here; that is the table in intent-weights.ts.
 */
import { foldText } from "./intent-fold.ts";
import { findWords } from "./intent-lexicon.ts";
import { readFrame, readShape } from "./intent-structure.ts";

/** Only the head of a long prompt is read: what somebody wants stands at the start, and the cost stays flat. */
const MAX_CHARACTERS_READ = 4_000;

/**
 * Without a colon or a line to part them, a wish stands at the beginning or at the end, and what is in between is the
 * text it is about. In characters.
 */
const HEAD_CHARACTERS = 240;
const TAIL_CHARACTERS = 100;

/** A word that comes up again says more than once; ten times no more than twice. */
const MAX_COUNT = 2;

/** Concepts that name a task. The one that comes first in the text counts extra: it is what was asked for. */
const TASKS = new Set([
  ...["translate", "write", "polish", "invent", "summarize", "extract", "classify"],
  ...["compute", "analyze", "explain", "code-verb"],
]);

/** Concepts and shapes that make a prompt a question. */
const ASKS = ["question-mark", "ask-what", "ask-why", "ask-how", "ask-many", "ask-whether"];

/** Between quotation marks stands what the prompt is about, not what is wanted. One line, since a lone mark is common. */
const QUOTED = /["“„«「『][^"“”„«»「」『』\n]{2,400}["”“»」』]/g;
/** Fewer characters than this outside of the marks are no wish: then what is inside them is read. */
const LEAST_OUTSIDE_QUOTES = 4;

export interface PromptSignals {
  /** Name -> 1 or 2. Empty when nothing was found. */
  readonly found: ReadonlyMap<string, number>;
  /** Circumstances that count only next to a signal. */
  readonly frame: readonly string[];
}

/** The signals in the first 4,000 characters of a prompt. */
export function readSignals(prompt: string): PromptSignals {
  const text = prompt.slice(0, MAX_CHARACTERS_READ).trim();
  const found = new Map<string, number>();
  const concepts = readConcepts(text);
  for (const name of [...concepts, ...readShape(text)]) {
    found.set(name, Math.min((found.get(name) ?? 0) + 1, MAX_COUNT));
  }
  const task = concepts.find((concept) => TASKS.has(concept));
  if (task !== undefined) found.set(`first:${task}`, 1);
  for (const name of readCombinations(found)) found.set(name, 1);
  return { found, frame: readFrame(text) };
}

/** Concepts in the order of the text, of the wish only where it can be told from the text it is about. */
function readConcepts(text: string): readonly string[] {
  const outside = text.replace(QUOTED, " ");
  const wish = outside.trim().length < LEAST_OUTSIDE_QUOTES ? text : outside;
  const border = wish.search(/[:：\n]/);
  if (border > 0) {
    const before = findConcepts(wish.slice(0, border));
    if (before.some((concept) => TASKS.has(concept))) return before;
  }
  return findConcepts(wish);
}

function findConcepts(text: string): readonly string[] {
  const codes = foldText(text);
  const tailStart = codes.length - TAIL_CHARACTERS;
  return findWords(codes)
    .filter((word) => word.offset < HEAD_CHARACTERS || word.offset >= tailStart)
    .map((word) => word.concept);
}

/** What two signals say together and neither says alone. */
function readCombinations(found: ReadonlyMap<string, number>): readonly string[] {
  const isAsked = ASKS.some((name) => found.has(name));
  const isTask = [...TASKS].some((name) => found.has(name)) || found.has("make");
  const combinations: [string, boolean][] = [
    ["asks-to-choose", isAsked && found.has("or")],
    ["asks-about-mine", isAsked && found.has("mine")],
    ["asks-about-you", isAsked && !isTask && found.has("you") && !found.has("mine")],
    ["tells-of-mine", !isAsked && !isTask && found.has("mine")],
    ["asks-with-numbers", isAsked && (found.has("several-numbers") || found.has("numbers-with-units"))],
    ["asks-about-text", isAsked && found.has("given-text")],
    ["asks-and-carries-text", isAsked && found.has("carries-text")],
    ["only-asks", isAsked && !isTask && !found.has("mine")],
    ["neither-asks-nor-tasks", !isAsked && !isTask && found.size > 0],
  ];
  return combinations.filter(([, isThere]) => isThere).map(([name]) => name);
}
