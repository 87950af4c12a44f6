/**
 * How many tokens a text is likely to be, without a tokenizer: every provider has its own, and a guess within a
 * third is enough to compare prices and to see that a chat is far too long. Pure. Rule RT64.
 */

/** A token of a text in Latin script is about four characters, in every common tokenizer. */
const LATIN_CHARACTERS_PER_TOKEN = 4;
/** Greek, Cyrillic, Arabic, Hebrew, the scripts of India: about two. */
const OTHER_CHARACTERS_PER_TOKEN = 2;
/** The end of Latin with all its extensions. */
const LATIN_END = 0x250;
/** From Hangul on: Chinese, Japanese, Korean and signs beyond, about one token each. */
const DENSE_START = 0x1100;
/** General punctuation, such as dashes and quotes, stands in Latin texts. */
const PUNCTUATION_START = 0x2000;
const PUNCTUATION_END = 0x2070;

/** The same when only the length of a text is known: as if it were in Latin script. */
export function estimateTokensOfLength(characters: number): number {
  return Math.ceil(characters / LATIN_CHARACTERS_PER_TOKEN);
}

/** Whole tokens, rounded up; 0 for an empty text. One pass over the text. */
export function estimateTokens(text: string): number {
  let latin = 0;
  let dense = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < LATIN_END || (code >= PUNCTUATION_START && code < PUNCTUATION_END)) latin += 1;
    else if (code >= DENSE_START) dense += 1;
  }
  const other = text.length - latin - dense;
  return Math.ceil(latin / LATIN_CHARACTERS_PER_TOKEN + other / OTHER_CHARACTERS_PER_TOKEN + dense);
}
