/**
 * How an answer that broke in the middle goes on with another call: what that call is told of the words a reader has
 * been shown already. Pure. Rules RT90 to RT92, RT95, RT99. How the new words are joined to the old: leg-filter.ts.
 */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { ModelCall } from "../../providers/provider.ts";
import { estimateTokens } from "../estimate-tokens.ts";
import { isSpace, isWordStart } from "./is-word-start.ts";

/** A call of a continuing leg, and what its first words have to be joined to. */
export interface ContinuedCall {
  readonly call: Omit<ModelCall, "modelId">;
  /** The shown text is the end of its prompt. */
  readonly isPrefill: boolean;
  /** The words it was asked to begin with; null when it was not asked. */
  readonly anchor: string | null;
  /** Whitespace at the end of the shown text that it was not told of. */
  readonly untoldSpace: string;
}

/** Long enough not to stand elsewhere by chance, short enough to be repeated in the time of a few tokens. */
const LEAST_ANCHOR_CHARACTERS = 20;
/** A text that repeats itself for longer than this is joined at its end all the same. */
const MOST_ANCHOR_CHARACTERS = 200;
/** What goes on for longer without whitespace is no word of any language that has some. */
const MOST_WORD_CHARACTERS = 40;

/**
 * The call that goes on behind `shown`, which is not empty. Answers in a fixed format are continued as text: a
 * provider that enforces the format would begin a document of its own.
 */
export function toContinuedCall(
  call: Omit<ModelCall, "modelId">,
  shown: string,
  takesPrefill: boolean,
): ContinuedCall {
  const told = shown.trimEnd();
  // No wire takes a message of whitespace, and nothing has been said: the call is as it was.
  if (told === "") return { call, isPrefill: false, anchor: null, untoldSpace: shown };
  // The caller's own words ask for the whole answer; from here on it is asked for in ours.
  const { responseFormat: _, native: __, ...rest } = call;
  if (takesPrefill) {
    const prompt = [...call.prompt, toAssistant(told)];
    const limit = toTokenLimit(call, estimateTokens(shown));
    const untoldSpace = shown.slice(told.length);
    return { call: { ...rest, ...limit, prompt }, isPrefill: true, anchor: null, untoldSpace };
  }
  const anchor = toAnchor(shown);
  const prompt: LanguageModelV4Prompt = [
    ...call.prompt,
    toAssistant(shown),
    { role: "user", content: [{ type: "text", text: toInstruction(anchor) }] },
  ];
  // The words that are repeated are not new: they come on top.
  const limit = toTokenLimit(call, estimateTokens(shown) - estimateTokens(anchor));
  return { call: { ...rest, ...limit, prompt }, isPrefill: false, anchor, untoldSpace: "" };
}

/** What the caller's limit leaves when so much of it is used. */
function toTokenLimit(
  { maxOutputTokens }: Omit<ModelCall, "modelId">,
  usedTokens: number,
): Pick<ModelCall, "maxOutputTokens"> {
  return maxOutputTokens === undefined ? {} : { maxOutputTokens: Math.max(1, maxOutputTokens - usedTokens) };
}

/**
 * The end of the text, from a word on, as short as it may be without standing elsewhere in the text; whitespace is
 * not told apart, since it is not when repetition is looked for. The text is more than whitespace.
 */
export function toAnchor(shown: string): string {
  const dense = toDense(shown);
  let start = shown.length;
  for (;;) {
    start = findWordBefore(shown, start);
    const anchor = shown.slice(start);
    const text = toDense(anchor);
    const isUnique = dense.indexOf(text) === dense.length - text.length;
    const isLongEnough = text.length >= (isUnique ? LEAST_ANCHOR_CHARACTERS : MOST_ANCHOR_CHARACTERS);
    if (isLongEnough || start === 0) return anchor;
  }
}

/** Where the word before this place begins; far from any whitespace, any sign will do. 0 when there is none. */
function findWordBefore(shown: string, at: number): number {
  let sign: number | null = null;
  let end = at;
  while (end > 0 && isSpace(shown[end - 1])) end -= 1;
  for (let start = end - 1; start > 0; start -= 1) {
    if (isSpace(shown[start - 1])) return start;
    if (sign === null && isWordStart(shown, start)) sign = start;
    if (end - start >= MOST_WORD_CHARACTERS) return sign ?? start;
  }
  return 0;
}

/** The text without its whitespace. */
function toDense(text: string): string {
  return text.replaceAll(/\s+/gu, "");
}

function toInstruction(anchor: string): string {
  return [
    "Your last message was cut off by a technical fault. It ended with:",
    `<cut-off-end>${anchor}</cut-off-end>`,
    "Go on exactly where it stopped. Begin by repeating the words between the tags letter for letter, then continue " +
      "with what comes next. Do not apologise, do not mention the interruption and do not start over. If nothing " +
      "is missing, repeat these words and stop.",
  ].join("\n");
}

function toAssistant(text: string): LanguageModelV4Prompt[number] {
  return { role: "assistant", content: [{ type: "text", text }] };
}
