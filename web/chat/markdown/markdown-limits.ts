/**
 * What of an answer's markdown is left as it was written, since reading it would hold up the page or bring it down:
 * quotes and lists in each other by the hundred, and more marks of emphasis in one paragraph than anybody reads. A
 * model that repeats itself writes such things. Pure. Rule WB140.
 */
import { Lexer, Marked } from "marked";
import type { MarkedExtension, Token, Tokens } from "marked";

/** Forty quotes or lists that begin at once, at the beginning of a line. */
const DEEP = /^ {0,3}(?:(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))[ \t]*){40}/;
/** marked compares each mark of emphasis with all behind it. */
const MAX_EMPHASIS = 500;
const EMPHASIS = /[*_]+/g;
const PLAIN = /^[*_](?:[*_]|[\p{L}\p{N} ])*/u;

/** The marks that come next with the words between them, where too many stand there; undefined where they do not. */
function toPlainMarks(rest: string): Tokens.Text | undefined {
  const raw = PLAIN.exec(rest)?.[0];
  if (raw === undefined || (rest.match(EMPHASIS)?.length ?? 0) <= MAX_EMPHASIS) return undefined;
  return { type: "text", raw, text: raw, escaped: false };
}

/** For marked. A tokenizer that gives `false` leaves it to marked itself, one that gives nothing makes words of it. */
export const MARKDOWN_LIMITS: MarkedExtension = {
  tokenizer: {
    blockquote: (text) => (DEEP.test(text) ? undefined : false),
    list: (text) => (DEEP.test(text) ? undefined : false),
  },
  extensions: [{ name: "plain-marks", level: "inline", tokenizer: toPlainMarks }],
};

const { defaults } = new Marked({ gfm: true }, MARKDOWN_LIMITS);

/** The blocks of a text; what is inside a line is not read. All of it as one where it is too deep to be read. */
export function readBlocks(text: string): readonly Token[] {
  return orTooDeep(
    () => new Lexer(defaults).blockTokens(text, []),
    () => [{ type: "paragraph", raw: text, text }],
  );
}

/** What `read` gives, or `otherwise` when what it reads is nested so deep that there is no stack left. */
export function orTooDeep<Value>(read: () => Value, otherwise: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return otherwise();
    throw error;
  }
}
