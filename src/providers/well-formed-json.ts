/**
 * JSON as every provider reads it: half of a sign, which a cut through a text leaves, is written as an escape that some of
 * them refuse the whole request for, and with it every later one of that chat. Pure. Rule PR129.
 */

/** `JSON.stringify` writes whole signs as they are: such an escape is that of a half. */
const HALF = "\\ud";
/** Every escape is taken as one, so that `\\ud800`, which is a backslash and letters, stays. */
const ESCAPES = /\\(?:ud[89a-f][0-9a-f]{2}|.)/g;

/** A text of `JSON.stringify` with the sign for what cannot be shown in place of each half. */
export function toWellFormedJson(json: string): string {
  if (!json.includes(HALF)) return json;
  return json.replace(ESCAPES, (escape) => (escape.startsWith(HALF) ? "\uFFFD" : escape));
}
