/** Where words begin in a text of any script: the places from which people and models quote. Pure. */

export function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/u.test(character);
}

/** The place of the next character that is no whitespace, from `at` on. */
export function skipSpace(text: string, at: number): number {
  let end = at;
  while (isSpace(text[end])) end += 1;
  return end;
}

/** Letters and figures of scripts that set spaces between their words. */
const SPACED = /[\p{L}\p{N}\p{M}_]/u;
/** Chinese, Japanese and Korean do not, and any of their signs may be where a quote begins. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u;

function isInWord(character: string): boolean {
  return SPACED.test(character) && !UNSPACED.test(character);
}

/** True where a word or a sign begins: never in the middle of a word, of whitespace or of a surrogate pair. */
export function isWordStart(text: string, at: number): boolean {
  const here = text[at] ?? "";
  if (here === "" || isSpace(here)) return false;
  if (at === 0) return true;
  const before = text[at - 1] ?? "";
  if (isLowSurrogate(here) && isHighSurrogate(before)) return false;
  return isSpace(before) || !(isInWord(before) && isInWord(here));
}

function isHighSurrogate(character: string): boolean {
  return character >= "\ud800" && character <= "\udbff";
}

function isLowSurrogate(character: string): boolean {
  return character >= "\udc00" && character <= "\udfff";
}
