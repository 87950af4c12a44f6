/**
 * What the shape of a prompt says, in whatever language: does it look like code, like a sum, like a question, does it
 * carry a text to work on. Characters and patterns only; words are intent-lexicon.ts. Every pattern is linear: none
 * has two neighbouring repetitions that can match the same characters.
 */

interface Shape {
  readonly signal: string;
  readonly pattern: RegExp;
}

/** Each pattern is either there or not. Those of one signal add up: two traits of code say more than one. */
const SHAPES: readonly Shape[] = [
  { signal: "code-shape", pattern: /```/ },
  { signal: "code-shape", pattern: /`[^`\n]{2,80}`/ },
  { signal: "code-shape", pattern: /[;{}]\s{0,4}\n|\)\s?\{|\};?\s?$|[\w)\]'"];\s{0,2}$/ },
  { signal: "code-shape", pattern: /\b[A-Za-z_]\w{1,40}\((?:\)|[\w"'&*{[$(])/ },
  { signal: "code-shape", pattern: /[\w\])]\.[A-Za-z_]\w{0,40}\(/ },
  { signal: "code-shape", pattern: /=>|->\s?\w|[=!]==?\s|&&|\|\||::\w|\+=|\+\+|#include|\$\{|:=/ },
  { signal: "code-shape", pattern: /\b[A-Za-z_]\w{0,40} = [\w"'`[({]/ },
  {
    signal: "code-shape",
    pattern: /\b(?:const|let|var|int|void|def|func|fn|class|public|private|return|import|struct) [\w<{*"]/,
  },
  { signal: "code-shape", pattern: /\b[a-z]{1,30}[A-Z][a-z]/ },
  { signal: "code-shape", pattern: /\b[a-z]{1,30}_[a-z]/ },
  {
    signal: "code-shape",
    pattern: /\.(?:py|js|mjs|ts|tsx|jsx|java|rb|rs|go|c|cpp|h|cs|php|sql|sh|ya?ml|toml|html|css|json)\b/,
  },
  {
    signal: "code-shape",
    pattern: /\b[A-Z]\w{0,40}(?:Error|Exception)\b|Traceback|\berror(?:\[|:? [A-Z]+\d{2,})|\bE[A-Z]{5,}\b/,
  },
  {
    signal: "code-shape",
    pattern: /\b(?:SELECT|UPDATE|DELETE|INSERT INTO|CREATE TABLE|JOIN|GROUP BY|WHERE)\b/,
  },
  { signal: "code-shape", pattern: /<\/?[a-z][a-z0-9-]{0,20}(?:\s[^<>]{0,200})?\/?>/ },
  {
    signal: "code-shape",
    pattern: /(?:^|\n)\s{0,4}(?:\$ |sudo |npm |npx |git |docker |kubectl |pip |curl |cd |brew )/,
  },
  { signal: "code-shape", pattern: /\s--?[a-z][a-z-]{0,20}(?:[\s=]|$)/ },
  { signal: "code-shape", pattern: /\b[CcFf](?:#|\+\+)/ },
  { signal: "code-shape", pattern: /\/[a-z][\w.-]{1,40}\/[\w.-]|[a-z0-9]:\d{4}\b|node_modules/ },
  { signal: "math-shape", pattern: /\d\s?[+*×÷^/−]\s?\(?\d|\d\s-\s\(?\d|\)\s?[+*/×÷:^-]\s?[(\d]/ },
  { signal: "math-shape", pattern: /[\dx-z²)]\s?=\s?-?[\dx-z]|\b\d*[x-z]\s?(?:\^|²|³|[+-]\s?\d)|\d[x-z]\b/ },
  { signal: "math-shape", pattern: /[²³√∫π∑∞≤≥]|\\frac|\bsin\b|\bcos\b|\bln\b|\blog\(/ },
  { signal: "percent", pattern: /\d\s?[%％]/ },
  {
    signal: "percent-of",
    pattern: /\d\s?[%％]\s?(?:of|von|de|del|di|da|van|over|z|от|の|[A-Za-zöüé]{1,12}\s\d)/,
  },
  {
    signal: "numbers-with-units",
    pattern: /\d\s?(?:cm|m|km|kg|g|km\/h|€|\$|£|eur|euros?|zł|руб|円|元)(?![\p{L}])/iu,
  },
  { signal: "question-at-end", pattern: /[?？؟]["'”»)\s]{0,4}$/ },
  { signal: "question-mark", pattern: /[?？؟¿]/ },
  { signal: "quoted", pattern: /["“„«「『][^"“”„«»「」『』\n]{2,200}["”“»」』]/ },
  { signal: "exclamation", pattern: /[!！]{2}|[!！]\s{0,2}$/ },
  { signal: "emoji", pattern: /[\u{1f300}-\u{1faff}❤☺]|[:;]-?[)(DP](?:\s|$)/u },
  { signal: "e-mail-address", pattern: /[\w.-]@[a-z0-9-]{1,60}\.[a-z]/ },
  { signal: "long-number", pattern: /\d[\d .-]{6}\d|\bhttps?:\/\// },
  {
    signal: "bullets",
    pattern:
      /(?:^|\n)\s{0,4}(?:[-*•・]|\d{1,2}[.)]|[a-z]\))\s?[^\n]{1,400}\n\s{0,4}(?:[-*•・]|\d{1,2}[.)]|[a-z]\))/,
  },
  { signal: "several-numbers", pattern: /\d[^\d\n]{1,40}\d[^\d\n]{1,40}\d/ },
  { signal: "blank-line", pattern: /\n[ \t]{0,8}\n/ },
  {
    signal: "language",
    pattern:
      /\b(?:en|de|fr|es|it|pt|nl|pl|tr|ru|zh|ja)\s?(?:->|→|>|-|to)\s?(?:en|de|fr|es|it|pt|nl|pl|tr|ru|zh|ja)\b/i,
  },
];

/** From the share of these on, in percent, a text looks like code. One in fourteen is prose with brackets at most. */
const CODE_SHARE_PERCENT = 7;
/** From here on hardly anything but code is left. */
const HIGH_CODE_SHARE_PERCENT = 13;
/** A text behind a colon or a line end that is at least this long is something to work on, in characters. */
const BODY_CHARACTERS = 40;

/** Signals of the text's shape. `text` is already cut to the part that is read; time grows with its length alone. */
export function readShape(text: string): string[] {
  const signals = SHAPES.filter((shape) => shape.pattern.test(text)).map((shape) => shape.signal);
  const codeShare = (countCodeCharacters(text) * 100) / Math.max(text.length, 1);
  if (codeShare >= CODE_SHARE_PERCENT) signals.push("code-characters");
  if (codeShare >= HIGH_CODE_SHARE_PERCENT) signals.push("many-code-characters");
  if (carriesText(text)) signals.push("carries-text");
  if (mixesScripts(text)) signals.push("two-scripts");
  return signals;
}

/** Whether a sentence in Latin letters stands next to one in Cyrillic, Han or kana: one of them is material. */
function mixesScripts(text: string): boolean {
  if (!/[\u0400-\u04ff\u3040-\u9fff]{3}/.test(text)) return false;
  return /[a-z']{2,20} [a-z']{1,20} [a-z']{2,20}|[a-z]{4}: [\u0400-\u04ff\u3040-\u9fff]/.test(text);
}

/** Braces, brackets, semicolons and the like; quotes, commas and full stops belong to prose, too. */
function countCodeCharacters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (CODE_CHARACTERS.has(text.charCodeAt(index))) count += 1;
  }
  return count;
}

const CODE_CHARACTERS = new Set(Array.from("{}()[]<>;=_&|$\\`*+/", (character) => character.charCodeAt(0)));

/** Whether there is a request and, behind a colon or on new lines, a text that it is about. */
function carriesText(text: string): boolean {
  const start = text.search(/[:：\n]/);
  return start >= 0 && text.length - start >= BODY_CHARACTERS;
}

/** A prompt of up to this many characters is short: an unfinished thought, a greeting, an answer. */
const SHORT_CHARACTERS = 16;
/** From here on a prompt carries material. */
const LONG_CHARACTERS = 200;

/**
 * How long the text is and how much of it is digits. These say something only next to a signal: by themselves
 * they are no reason for any intent.
 */
export function readFrame(text: string): string[] {
  const frame: string[] = ["any"];
  // A character of a script without spaces says about as much as two Latin letters.
  const length = /[\u3040-\u9fff]/.test(text) ? text.length * 2 : text.length;
  if (length <= SHORT_CHARACTERS) frame.push("short");
  if (length >= LONG_CHARACTERS) frame.push("long");
  if (/\d/.test(text)) frame.push("digit");
  return frame;
}
