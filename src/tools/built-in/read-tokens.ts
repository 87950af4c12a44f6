/** An arithmetic expression cut into numbers, names and signs. Pure. Rule TL4. */

export interface Token {
  readonly type: "number" | "name" | "sign" | "end";
  readonly text: string;
}

/** Why an expression has no value, in a sentence. Thrown and caught within calculate.ts, which makes it a value. */
export class CalculationError extends Error {}

const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[a-zA-Z][a-zA-Z0-9]*/y;
const SIGN = /\*\*|[-+*/^!(),]/y;
const SPACE = /\s*/y;

/** As people and models write them. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ["×", "*"],
  ["·", "*"],
  ["÷", "/"],
  ["−", "-"],
  ["–", "-"],
  ["π", "pi"],
  ["√", "sqrt"],
]);

export function readTokens(expression: string): Token[] {
  const text = expression.replace(/[×·÷−–π√]/g, (sign) => SPELLINGS.get(sign) ?? sign);
  const tokens: Token[] = [];
  let index = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = index;
    const found = pattern.exec(text)?.[0] ?? null;
    index += found?.length ?? 0;
    return found;
  };
  for (take(SPACE); index < text.length; take(SPACE)) {
    const number = take(NUMBER);
    if (number !== null) {
      tokens.push({ type: "number", text: number });
      continue;
    }
    const name = take(NAME);
    if (name !== null) {
      tokens.push({ type: "name", text: name.toLowerCase() });
      continue;
    }
    const sign = take(SIGN);
    if (sign === null) throw new CalculationError(explainSign(text.slice(index)));
    tokens.push({ type: "sign", text: sign === "**" ? "^" : sign });
  }
  return [...tokens, { type: "end", text: "" }];
}

function explainSign(rest: string): string {
  const sign = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  // "15 % - 3" has two meanings, and a silent guess is a wrong answer.
  if (sign === "%") return "% could be a percentage or a remainder: write x/100 or mod(x, y).";
  return `The character ${JSON.stringify(sign)} has no meaning in an expression.`;
}
