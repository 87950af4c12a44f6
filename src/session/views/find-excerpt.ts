/** Finds what a person typed into the search in a message's text, and cuts out the text around it. Pure. Rule SE79. */

const MAX_EXCERPT_CHARACTERS = 240;
/** So much stands before the place, so that it is seen in its sentence. */
const BEFORE_CHARACTERS = 60;

/** The text around the first place, on one line; null when it is not there. Case and accents do not count. */
export function findExcerpt(text: string, query: string): string | null {
  const sought = fold(query.normalize("NFC"));
  const whole = text.normalize("NFC");
  const at = sought === "" ? -1 : fold(whole).indexOf(sought);
  if (at === -1) return null;
  const start = Math.max(0, toPlace(whole, at) - BEFORE_CHARACTERS);
  const cut = whole.slice(start, start + MAX_EXCERPT_CHARACTERS - 2);
  const line = cut
    .replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return `${start > 0 ? "…" : ""}${line}${start + cut.length < whole.length ? "…" : ""}`;
}

/** Signs of scripts with cases or accents. Syllables of Korean and signs of Chinese and Japanese have neither. */
const FOLDED = /[\u0080-\u2FFF\uFF00-\uFFEF\u{10400}-\u{1E943}]/gu;
/** Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic; vowels of other scripts are letters. */
const ACCENTS = /[\u0300-\u036F\u0591-\u05BD\u064B-\u065F]/gu;

function fold(text: string): string {
  // Sign by sign: the lower case of a whole word depends on where a sign stands in it.
  return text.replace(/[A-Z]+/g, (signs) => signs.toLowerCase()).replace(FOLDED, foldSign);
}

/** By way of the upper case, which is one for all forms of a letter. */
function foldSign(sign: string): string {
  return sign.toUpperCase().toLowerCase().normalize("NFD").replace(ACCENTS, "").normalize("NFC");
}

/** The place in the text that is `at` in the folded text, which may be longer or shorter. */
function toPlace(text: string, at: number): number {
  let [place, folded] = [0, 0];
  for (const sign of text) {
    if (folded >= at) break;
    place += sign.length;
    folded += fold(sign).length;
  }
  return place;
}
