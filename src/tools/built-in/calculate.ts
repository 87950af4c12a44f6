/**
 * The value of an arithmetic expression, exact where decimals can be: a recursive descent over decimal.js. No code is
 * made from the text, nothing is looked up but the names in math-functions.ts. Pure. Rules TL4, TL5.
 */
import type { Decimal } from "decimal.js";
import { fail, succeed, type Result } from "../../base/result.ts";
import { CONSTANTS, factorial, FUNCTIONS, Precise, settle } from "./math-functions.ts";
import { CalculationError, readTokens, type Token } from "./read-tokens.ts";

export const MAX_EXPRESSION_CHARACTERS = 500;
const MAX_DEPTH = 50;
/** A finite decimal of at most so many digits is taken as exact and shown whole; any other is rounded. */
const WHOLE_DIGITS = 40;
const ROUNDED_DIGITS = 20;

export interface Calculation {
  /** Plain digits, or with an exponent where there would be too many of them. */
  readonly result: string;
  readonly isRounded: boolean;
}

export function calculate(expression: string): Result<Calculation, string> {
  if (expression.length > MAX_EXPRESSION_CHARACTERS) {
    return fail(
      `The expression is longer than ${MAX_EXPRESSION_CHARACTERS} characters: calculate it in parts.`,
    );
  }
  try {
    return succeed(present(new ExpressionReader(readTokens(expression)).readAll()));
  } catch (error) {
    if (error instanceof CalculationError) return fail(error.message);
    throw error;
  }
}

function present(value: Decimal): Calculation {
  const settled = settle(value);
  const isShownWhole = settled.isInteger() ? settled.abs().lt("1e100") : settled.precision() <= WHOLE_DIGITS;
  // An integer of more than 90 digits keeps the digits that settling would take.
  if (isShownWhole) return { result: toPlainText(value.isInteger() ? value : settled), isRounded: false };
  const rounded = value.toSignificantDigits(ROUNDED_DIGITS);
  // Zeros that fill up a rounded number would look like digits of it.
  const result = rounded.e >= ROUNDED_DIGITS ? rounded.toExponential() : toPlainText(rounded);
  return { result, isRounded: true };
}

function toPlainText(value: Decimal): string {
  return value.isZero() ? "0" : value.toString();
}

class ExpressionReader {
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  readAll(): Decimal {
    if (this.tokens.length === 1) throw new CalculationError("The expression is empty.");
    const value = this.readSum();
    const { type, text } = this.next;
    if (type === "end") return value;
    if (text === ",") {
      throw new CalculationError(
        "A comma only stands between the arguments of a function: write 1000, not 1,000.",
      );
    }
    if (text === ")") throw new CalculationError("There is a ) without its (.");
    throw new CalculationError(`An operator is missing before ${JSON.stringify(text)}.`);
  }

  private get next(): Token {
    return this.tokens[this.index] ?? { type: "end", text: "" };
  }

  private take(text: string): boolean {
    const isNext = this.next.type === "sign" && this.next.text === text;
    if (isNext) this.index += 1;
    return isNext;
  }

  private readSum(): Decimal {
    let value = this.readProduct();
    for (;;) {
      if (this.take("+")) value = check(value.plus(this.readProduct()));
      else if (this.take("-")) value = check(value.minus(this.readProduct()));
      else return value;
    }
  }

  private readProduct(): Decimal {
    let value = this.readSigned();
    for (;;) {
      if (this.take("*")) value = multiply(value, this.readSigned());
      else if (this.take("/")) value = divide(value, this.readSigned());
      else return value;
    }
  }

  /** Signs bind less than powers: -2^2 is -4. */
  private readSigned(): Decimal {
    return this.nested(() => {
      if (this.take("-")) return this.readSigned().negated();
      if (this.take("+")) return this.readSigned();
      return this.readPower();
    });
  }

  /** From right to left: 2^3^2 is 2^9. */
  private readPower(): Decimal {
    const base = this.readFactorial();
    return this.take("^") ? raise(base, this.readSigned()) : base;
  }

  private readFactorial(): Decimal {
    let value = this.readOperand();
    while (this.take("!")) value = check(factorial(value));
    return value;
  }

  private readOperand(): Decimal {
    const token = this.next;
    if (token.type === "number") {
      this.index += 1;
      const value = new Precise(token.text);
      return check(value, !/^[^e]*[1-9]/i.test(token.text));
    }
    if (token.type === "name") {
      this.index += 1;
      return this.readName(token.text);
    }
    if (this.take("(")) {
      const value = this.readSum();
      this.close();
      return value;
    }
    throw new CalculationError(
      token.type === "end"
        ? "The expression ends too early."
        : `A number is missing before ${JSON.stringify(token.text)}.`,
    );
  }

  private readName(name: string): Decimal {
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return constant;
    const found = FUNCTIONS.get(name);
    if (found === undefined) {
      const known = [...FUNCTIONS.keys(), ...CONSTANTS.keys()].join(", ");
      throw new CalculationError(
        `There is no function or constant ${JSON.stringify(name)}; there are: ${known}.`,
      );
    }
    if (!this.take("(")) throw new CalculationError(`${name} is a function: write ${name}(…).`);
    const values = [this.readSum()];
    while (this.take(",")) values.push(this.readSum());
    this.close();
    if (values.length < found.least || values.length > found.most) {
      const count = found.least === found.most ? `${found.least}` : `${found.least} to ${found.most}`;
      throw new CalculationError(`${name} takes ${count} arguments and was given ${values.length}.`);
    }
    const result = found.run(values);
    if (result.isNaN()) throw new CalculationError(`${name} is not defined there (in real numbers).`);
    return check(result, name !== "exp");
  }

  private close(): void {
    if (!this.take(")")) throw new CalculationError("A ) is missing.");
  }

  /** Every way into the depth leads through here. */
  private nested(read: () => Decimal): Decimal {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new CalculationError("The expression is nested too deeply.");
    const value = read();
    this.depth -= 1;
    return value;
  }
}

function multiply(left: Decimal, right: Decimal): Decimal {
  return check(left.times(right), left.isZero() || right.isZero());
}

function divide(value: Decimal, divisor: Decimal): Decimal {
  if (divisor.isZero()) throw new CalculationError("A division by zero has no value.");
  return check(value.div(divisor), value.isZero());
}

function raise(base: Decimal, exponent: Decimal): Decimal {
  if (base.isZero() && exponent.isNegative()) throw new CalculationError("A division by zero has no value.");
  const value = base.pow(exponent);
  if (value.isNaN()) throw new CalculationError("A root of a negative number is not a real number.");
  return check(value, base.isZero());
}

/** A number beyond the range is no number, and must not pass for infinity or zero. */
function check(value: Decimal, mayBeZero = true): Decimal {
  if (!value.isFinite()) throw new CalculationError("The number is too large: more than 100000 digits.");
  if (value.isZero() && !mayBeZero) throw new CalculationError("The number is too small: below 10^-100000.");
  return value;
}
