/**
 * Brings a prompt into the form in which words are compared: lower case, without accents (people leave them out),
 * words apart by one space, clauses by one line feed. No meaning is read here.
 */

/** Between words. */
export const WORD_GAP = 32;
/** Between clauses: after a full stop, a question mark, a comma, a colon, a line. */
export const CLAUSE_GAP = 10;

/** Latin, Latin-1 and Latin Extended A and B: every letter that the supported languages in Latin script use. */
const LATIN_END = 0x250;
const CYRILLIC_IO = 0x451;
const CYRILLIC_IE = 0x435;

/** Letters that Unicode does not split into a letter and an accent. One for one, so that lengths stay the same. */
const UNSPLIT = new Map([
  ["ß", "s"],
  ["ø", "o"],
  ["ł", "l"],
  ["ı", "i"],
  ["đ", "d"],
  ["æ", "a"],
  ["œ", "o"],
]);

/** For each code below LATIN_END what it becomes. */
const LATIN = Uint16Array.from({ length: LATIN_END }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase();
  if (",;!?\n¡¿".includes(character)) return CLAUSE_GAP;
  if (!/[\p{L}\p{N}]/u.test(character)) return WORD_GAP;
  return (UNSPLIT.get(character) ?? character).normalize("NFD").charCodeAt(0);
});

/** Scripts written without spaces: kana, Han ideographs with their extensions, compatibility forms, and 々. */
export function isUnspaced(code: number): boolean {
  return (
    (code >= 0x3040 && code <= 0x30ff) ||
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    code === 0x3005
  );
}

function foldBeyondLatin(code: number): number {
  if (code === CYRILLIC_IO) return CYRILLIC_IE;
  if (code < 0x2000) return code >= 0x300 && code <= 0x36f ? 0 : code;
  if ("。、，！？；：…".includes(String.fromCharCode(code))) return CLAUSE_GAP;
  if (code >= 0xff10 && code <= 0xff5a) return LATIN[code - 0xfee0] ?? WORD_GAP;
  const isWord = isUnspaced(code) || (code >= 0xac00 && code <= 0xd7a3) || (code >= 0x2c00 && code < 0x2e00);
  return isWord ? code : WORD_GAP;
}

function foldCode(code: number): number {
  return code < LATIN_END ? (LATIN[code] ?? WORD_GAP) : foldBeyondLatin(code);
}

/**
 * UTF-16 codes of the folded text, with one gap at the start and one at the end, so that a word never touches the
 * border. At most as many codes as the text has, plus two; one pass.
 */
export function foldText(text: string): Uint16Array {
  const lower = text.normalize("NFC").toLowerCase();
  const codes = new Uint16Array(lower.length + 2);
  codes[0] = CLAUSE_GAP;
  let length = 1;
  for (let index = 0; index <= lower.length; index += 1) {
    let code = index === lower.length ? CLAUSE_GAP : foldCode(lower.charCodeAt(index));
    // A full stop or colon inside a name ("node.js", "14:05") does not end a clause; one before a gap does.
    if (code === WORD_GAP && isStop(lower, index)) code = CLAUSE_GAP;
    if (code === 0) continue;
    const previous = codes[length - 1] ?? CLAUSE_GAP;
    if (code !== WORD_GAP && code !== CLAUSE_GAP) {
      codes[length] = code;
      length += 1;
    } else if (previous !== WORD_GAP && previous !== CLAUSE_GAP) {
      codes[length] = code;
      length += 1;
    } else if (code === CLAUSE_GAP) {
      codes[length - 1] = CLAUSE_GAP;
    }
  }
  return codes.subarray(0, length);
}

function isStop(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code !== 0x2e && code !== 0x3a) return false;
  const next = text.charCodeAt(index + 1);
  return Number.isNaN(next) || next <= 0x20;
}
