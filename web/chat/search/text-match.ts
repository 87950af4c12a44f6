/** Where a searched text stands in another, whatever its case and accents: as the server's search finds it. Pure. */

export interface TextMatch {
  readonly start: number;
  readonly end: number;
}

/** Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic; vowels of other scripts are letters. */
const ACCENTS = /[\u0300-\u036F\u0591-\u05BD\u064B-\u065F]/gu;

function foldSign(sign: string): string {
  return sign.toUpperCase().toLowerCase().normalize("NFD").replace(ACCENTS, "").normalize("NFC");
}

/** The folded text and, for each of its units, where the sign begins that it came from. */
function fold(text: string): { readonly folded: string; readonly places: readonly number[] } {
  let folded = "";
  const places: number[] = [];
  let at = 0;
  for (const sign of text) {
    const piece = foldSign(sign);
    for (let unit = 0; unit < piece.length; unit += 1) places.push(at);
    folded += piece;
    at += sign.length;
  }
  places.push(at);
  return { folded, places };
}

/** Every place, from the first to the last, none inside another; at most `limit` of them. */
export function findMatches(text: string, query: string, limit = 200): readonly TextMatch[] {
  const sought = fold(query.trim()).folded;
  if (sought === "") return [];
  const { folded, places } = fold(text);
  const matches: TextMatch[] = [];
  let from = folded.indexOf(sought);
  while (from !== -1 && matches.length < limit) {
    const to = from + sought.length;
    matches.push({ start: places[from] ?? 0, end: places[to] ?? text.length });
    from = folded.indexOf(sought, to);
  }
  return matches;
}

/** The text cut at its matches: what is found and what is between. */
export function splitByMatches(
  text: string,
  query: string,
): readonly { readonly text: string; readonly isMatch: boolean }[] {
  const pieces: { text: string; isMatch: boolean }[] = [];
  let at = 0;
  for (const { start, end } of findMatches(text, query)) {
    if (start > at) pieces.push({ text: text.slice(at, start), isMatch: false });
    pieces.push({ text: text.slice(start, end), isMatch: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isMatch: false });
  return pieces;
}
