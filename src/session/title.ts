/** A chat's first name, taken from its first question. Pure. Rules SE31, SE250. */
import { MAX_TITLE_CHARACTERS } from "../protocol/session-api.ts";

/** What a chat is called until somebody says something. */
export const UNTITLED = "New chat";

const TITLE_CHARACTERS = 60;
/** Marks included. */
const MAX_LINE_CHARACTERS = 1_000;

/** Two repetitions that take the same signs, and may fail behind them, take the square of a line's length (SE250). */
const FENCE = /^\s*(?:`{3,}[^`]*$|~{3})/;
/** What Markdown begins a line with: headings, quotes, items of lists. */
const LINE_MARKS = /^(?:\s*(?:#{1,6}|[>*+-])(?=\s|$))+/;
/** Emphasis is around words; in the middle of one (`snake_case`) or alone (`2 * 3`) a sign is what was written. */
const EMPHASIS = /(?<![\p{L}\p{N}])(\*{1,3}|_{1,3})(?=\S)([^*_]*[^*_\s])\1(?![\p{L}\p{N}])/gu;
const LINK = /!?\[([^[\]]*)\]\([^()\s]*\)/g;

/** The first line that says something, without Markdown's marks. */
function findLine(text: string): string {
  for (const line of text.split("\n", 100)) {
    if (FENCE.test(line)) continue;
    const words = line
      .slice(0, MAX_LINE_CHARACTERS)
      .replace(LINE_MARKS, "")
      .replace(LINK, "$1")
      .replace(EMPHASIS, "$2")
      .replaceAll("`", "");
    if (/[^\s*_#>-]/.test(words)) return words.replace(/\s+/g, " ").trim();
  }
  return "";
}

/** The first line of the question, cut at a word; UNTITLED when there is nothing to take. */
export function toTitle(question: string): string {
  const line = findLine(question);
  if (line === "") return UNTITLED;
  if (line.length <= TITLE_CHARACTERS) return line;
  // A sign of two units is not cut in half.
  const cut = line.slice(0, TITLE_CHARACTERS).replace(/[\uD800-\uDBFF]$/u, "");
  const space = cut.lastIndexOf(" ");
  return `${(space > TITLE_CHARACTERS / 2 ? cut.slice(0, space) : cut).trimEnd()}…`.slice(
    0,
    MAX_TITLE_CHARACTERS,
  );
}
