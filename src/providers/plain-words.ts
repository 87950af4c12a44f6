/**
 * The quick way through the events of the OpenAI chat wire that hold nothing but words, which are nearly all of them: they
 * are found by looking for what they do not have, and parsed as one list. Pure. Rule PR59.
 */
import { isObject } from "./is-object.ts";

const WORDS_START = 'data: {"';
const DATA_PREFIX_LENGTH = "data: ".length;
const BETWEEN_EVENTS = "\n\ndata: ";
/** What makes an event more than a few words. In a JSON text none of them can stand inside of a string. */
const MORE_THAN_WORDS =
  /"finish_reason":\s*"|"tool_calls":|"error":|"usage":\s*\{|"reasoning|"refusal":\s*"|\[DONE\]/;

/** Where the whole events at the front end that may be of nothing but words; 0 when there are none. */
function findWordsEnd(text: string): number {
  const more = text.search(MORE_THAN_WORDS);
  const before = more < 0 ? text.length : text.lastIndexOf("\n\n", more) + 2;
  const end = before < 2 ? -1 : text.lastIndexOf("\n\n", before - 2);
  return end < 0 ? 0 : end + 2;
}

/**
 * The words of whole events that have nothing else to say; null when one of them is no such event. They are parsed as
 * one list: a call for each takes longer than the parsing.
 */
function toPlainWords(block: string): string | null {
  let chunks: unknown;
  try {
    const list = block.slice(DATA_PREFIX_LENGTH, -2).replaceAll(BETWEEN_EVENTS, ",");
    chunks = JSON.parse(`[${list}]`);
  } catch {
    // The parser's business: it says what is wrong.
    return null;
  }
  if (!Array.isArray(chunks)) return null;
  let words = "";
  for (const chunk of chunks) {
    const content = toPlainContent(chunk);
    if (content === null) return null;
    words += content;
  }
  return words;
}

function toPlainContent(chunk: unknown): string | null {
  if (!isObject(chunk) || !Array.isArray(chunk["choices"])) return null;
  const choice: unknown = chunk["choices"][0];
  if (!isObject(choice) || !isObject(choice["delta"])) return null;
  const content = choice["delta"]["content"];
  return typeof content === "string" ? content : null;
}

export interface PlainWords {
  readonly words: string;
  /** Characters of the events that they were read from. */
  readonly length: number;
}

/** Of the whole events at the front of a text that begins with an event; null when the first is no event of words. */
export function readPlainWords(text: string): PlainWords | null {
  if (!text.startsWith(WORDS_START)) return null;
  const length = findWordsEnd(text);
  if (length === 0) return null;
  const words = toPlainWords(text.slice(0, length));
  return words === null ? null : { words, length };
}
