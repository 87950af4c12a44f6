/**
 * What is asked and what is answered in the simulated chat. The whole answer to a question follows from the question
 * alone, so that whichever models speak, at whatever break, everybody knows what must stand there at the end. Every
 * few words carry a number: none can be lost or said twice unnoticed.
 */
import type { Random } from "../../../src/base/random.ts";
import { createSeededRandom } from "../../fakes/seeded-random.ts";

/** Plain words, signs of two units, letters that are combined, marks that Markdown and JSON have to escape. */
const WORDS = [
  ..."river lantern copper meadow quiet thunder basket harbor velvet sparrow engine marble whistle garden".split(
    " ",
  ),
  ...'Straße façade naïve żółw 川の水 雪解け 😀 👩‍🚀 “quoted” `code` **bold** "it\'s" <b>&amp; a\\b $x$ e\u0301te\u0301'.split(
    " ",
  ),
];
const BREAKS = [" ", " ", " ", " ", " ", " ", "  ", "\n", ".\n\n", ".\n\n- ", ":\n\n```\n"];

/** What a model may be asked to call: sim-tools.ts. */
export const TOOL_NAMES = ["search", "note", "send"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** What is said in one step of an answer, and what is called behind it. */
export interface ScriptStep {
  readonly text: string;
  readonly tools: readonly ToolName[];
}

export type AnswerLength = "short" | "usual" | "long" | "huge";

/** Words in an answer; a huge one is more than a socket may have on its way. */
const WORDS_OF: Readonly<Record<AnswerLength, readonly [number, number]>> = {
  short: [1, 12],
  usual: [20, 120],
  long: [150, 500],
  huge: [34_000, 42_000],
};

/** A question that nobody else asks; its end says which tools are called for it and how long the answer is. */
export function toQuestion(
  number: number,
  length: AnswerLength,
  tools: readonly ToolName[],
  random: Random,
): string {
  const word = WORDS[Math.floor(random() * WORDS.length)] ?? "word";
  return `Question ${number} about ${word} ${tools.length === 0 ? "" : `{${tools.join(" ")}} `}[${length}]`;
}

const TOOLS = /\{([a-z ]+)\} \[[a-z]+\]$/;

/** The whole answer as its steps: with tools a beginning, which may be empty, before them, and the rest behind. */
export function toScript(question: string): readonly ScriptStep[] {
  const text = toWholeText(question);
  const names = TOOLS.exec(question)?.[1]?.split(" ") ?? [];
  const tools = TOOL_NAMES.filter((name) => names.includes(name));
  if (tools.length === 0) return [{ text, tools: [] }];
  const share = hashText(question) % 3 === 0 ? 0 : 0.4;
  const cut = text.slice(Math.floor(text.length * share)).search(/(?<=\s)\S/u);
  const at = share === 0 || cut === -1 ? 0 : Math.floor(text.length * share) + cut;
  return [
    { text: text.slice(0, at), tools },
    { text: text.slice(at), tools: [] },
  ];
}

const known = new Map<string, string>();
const MOST_KNOWN = 50;

/** The whole answer to a question; a call of the chat for itself is answered in a few words. */
export function toWholeText(question: string): string {
  let text = known.get(question);
  if (text === undefined) {
    text = composeText(question);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(question, text);
  }
  return text;
}

function composeText(question: string): string {
  const random = createSeededRandom(hashText(question));
  const length = /\[(short|usual|long|huge)\]$/.exec(question)?.[1] ?? "short";
  const [least, most] = WORDS_OF[isLength(length) ? length : "short"];
  const count = least + Math.floor(random() * (most - least));
  let text = "";
  for (let index = 0; index < count; index += 1) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "word";
    const numbered = index % 3 === 0 ? `${word}${index}` : word;
    const gap = BREAKS[Math.floor(random() * BREAKS.length)] ?? " ";
    text += index === 0 ? numbered : gap + numbered;
  }
  return text;
}

function isLength(text: string): text is AnswerLength {
  return text in WORDS_OF;
}

/** Numbers that tell texts apart; nothing is kept secret by it. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** The text in pieces as a provider sends them: of some words, never through a sign of two units. */
export function toPieces(text: string, characters: number, random: Random): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + 1 + Math.floor(random() * 2 * characters));
    if (/[\uD800-\uDBFF]/.test(text[end - 1] ?? "")) end += 1;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
