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
const FOLD =
  /^ {0,3}<details(\s+open(?:="[^"]*")?)?\s*>\s*(?:<summary>([\s\S]*?)<\/summary>)?([\s\S]*)<\/details>\s*$/;

/** What stands in a fence tells of tags. */
const FENCE = /^ {0,3}(```|~~~)[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm;

/** How deep a text leads, beginning at a depth; negative as soon as it ends what began before it. */
function toDepth(text: string, from: number): number {
  let depth = from;
  for (const [mark] of text.matchAll(MARK)) {
    depth += mark === "</details>" ? -1 : 1;
    if (depth < 0) return depth;
  }
  return depth;
}

/**
 * The index behind the token that ends what the token at `begin` opens: the next one where it opens nothing; null when
 * its end is not there. Fences and code hold words, not tags: only tokens of HTML count.
 */
export function endFold(tokens: readonly Token[], begin: number): number | null {
  let depth = 0;
  for (let index = begin; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.type === "html") depth = Math.max(0, toDepth(token.raw, depth));
    if (depth === 0) return index + 1;
  }
  return null;
}

/** The fold that a text is, from its first tag to its last; null when it is more than one, or of another form. */
export function toFold(raw: string): Fold | null {
  const [, open, summary = "", inside] = FOLD.exec(raw) ?? [];
  if (inside === undefined || toDepth(inside.replace(FENCE, ""), 0) < 0) return null;
  return { summary: summary.trim(), inside: inside.trim(), isOpen: open !== undefined };
}
