/**
 * The folds of an answer: `<details>` with markdown inside, which blank lines cut into many pieces of markdown. Pure;
 * what is done with them is markdown-blocks.ts. Rule WB105.
 */
import type { Token } from "marked";

export interface Fold {
  /** What is seen of it, as it was written; empty when nothing is said. */
  readonly summary: string;
  /** The markdown in it. */
  readonly inside: string;
  /** Whether it is unfolded to begin with. */
  readonly isOpen: boolean;
}

const MARK = /<details(?=[\s>])|<\/details>/g;
const BEGIN = /^ {0,3}<details(\s+open(?:="[^"]*")?)?\s*>/;
const END = "</details>";
const SUMMARY_BEGIN = "<summary>";
const SUMMARY_END = "</summary>";

/** What stands in a fence tells of tags. */
const FENCE = /^ {0,3}(```|~~~)[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm;

/** How deep a text leads from where it begins, and how far below that it comes on its way. */
function toDepths(text: string): { readonly last: number; readonly lowest: number } {
  let last = 0;
  let lowest = 0;
  for (const [mark] of text.matchAll(MARK)) {
    last += mark === END ? -1 : 1;
    lowest = Math.min(lowest, last);
  }
  return { last, lowest };
}

/**
 * For each token the index behind the one that ends what it opens: the next one where it opens nothing; null when its
 * end is not there. Fences and code hold words, not tags: only tokens of HTML count. One pass: an answer may open
 * thousands of folds and end none. Rule WB138.
 */
export function endFolds(tokens: readonly Token[]): readonly (number | null)[] {
  const ends: (number | null)[] = tokens.map(() => null);
  // What has not ended yet, the deepest last.
  const open: { readonly index: number; readonly depth: number }[] = [];
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    open.push({ index, depth });
    const { last, lowest } = token.type === "html" ? toDepths(token.raw) : { last: 0, lowest: 0 };
    const endsFrom = Math.min(depth + last, depth + lowest + 1);
    for (let one = open.at(-1); one !== undefined && one.depth >= endsFrom; one = open.at(-1)) {
      ends[one.index] = index + 1;
      open.pop();
    }
    depth += last;
  }
  return ends;
}

/** What is between the first tag of a text and its last; null when it is of another form. */
function toBody(raw: string): { readonly body: string; readonly isOpen: boolean } | null {
  const begin = BEGIN.exec(raw);
  const text = raw.trimEnd();
  if (begin === null || !text.endsWith(END)) return null;
  return { body: text.slice(begin[0].length, -END.length).trimStart(), isOpen: begin[1] !== undefined };
}

/**
 * The fold that a text is, from its first tag to its last; null when it is more than one, or of another form. Its
 * parts are looked for one after the other: one pattern for all of them tries each with each. Rule WB138.
 */
export function toFold(raw: string): Fold | null {
  const found = toBody(raw);
  if (found === null) return null;
  const { body, isOpen } = found;
  const end = body.startsWith(SUMMARY_BEGIN) ? body.indexOf(SUMMARY_END) : -1;
  const summary = end === -1 ? "" : body.slice(SUMMARY_BEGIN.length, end);
  const inside = end === -1 ? body : body.slice(end + SUMMARY_END.length);
  if (toDepths(inside.replace(FENCE, "")).lowest < 0) return null;
  return { summary: summary.trim(), inside: inside.trim(), isOpen };
}
