/**
 * Marks what a search found in what is drawn, without changing it: the browser's own highlights over ranges of text.
 * Where there are none the message is shown all the same, only unmarked.
 */
import { findMatches } from "./text-match.ts";

/** The name in app.css. */
const NAME = "found";

/** A match may go through several elements: `**bo**ld`. */
interface Piece {
  readonly node: Text;
  readonly start: number;
}

function readPieces(root: HTMLElement): { readonly text: string; readonly pieces: readonly Piece[] } {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const pieces: Piece[] = [];
  let text = "";
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text)) continue;
    pieces.push({ node, start: text.length });
    text += node.data;
  }
  return { text, pieces };
}

function toRange(pieces: readonly Piece[], start: number, end: number): Range | null {
  const first = pieces.findLast((piece) => piece.start <= start);
  const last = pieces.findLast((piece) => piece.start < end);
  if (first === undefined || last === undefined) return null;
  const range = document.createRange();
  range.setStart(first.node, start - first.start);
  range.setEnd(last.node, end - last.start);
  return range;
}

/** Marks the query wherever it stands in the element; the first range, or null when it is not there. */
export function highlightText(root: HTMLElement, query: string): Range | null {
  const { text, pieces } = readPieces(root);
  const ranges = findMatches(text, query).flatMap(({ start, end }) => toRange(pieces, start, end) ?? []);
  if ("highlights" in CSS) CSS.highlights.set(NAME, new Highlight(...ranges));
  return ranges[0] ?? null;
}

export function clearHighlights(): void {
  if ("highlights" in CSS) CSS.highlights.delete(NAME);
}
