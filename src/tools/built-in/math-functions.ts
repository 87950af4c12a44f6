/** The functions and constants of the calculator, over decimals of 100 digits. Pure. Rule TL4. */
import { Decimal } from "decimal.js";
import { CalculationError } from "./read-tokens.ts";

/** Integers of up to 100 digits are exact. Beyond 10^100000 a number is too large: nobody reads it, and it costs time. */
export const Precise = Decimal.clone({
  precision: 100,
  rounding: Decimal.ROUND_HALF_UP,
  maxE: 100_000,
  minE: -100_000,
  toExpPos: 100,
  toExpNeg: -20,
  // The remainder has the sign of the divisor, as in mathematics.
  modulo: Decimal.ROUND_FLOOR,
});

/** Noise of the last digits is taken off before anything is cut to a whole number: (1/3)*3 is 1. */
const SETTLED_DIGITS = 90;
/** A larger angle has no digits left behind its multiple of a full turn. */
const MAX_ANGLE = 1e15;
const MAX_FACTORIAL = 300;
const MAX_ROUND_DIGITS = 50;
/** Below it an arc is its own sine and tangent to more than 100 digits. */
const TINY_ARC = "1e-60";

export function settle(value: Decimal): Decimal {
  return value.toSignificantDigits(SETTLED_DIGITS);
}

export interface MathFunction {
  readonly least: number;
  readonly most: number;
  readonly run: (values: readonly Decimal[]) => Decimal;
}

const PI = Precise.acos(-1);
const ZERO = new Precise(0);
const TEN = new Precise(10);

export const CONSTANTS: ReadonlyMap<string, Decimal> = new Map([
  ["pi", PI],
  ["tau", PI.times(2)],
  ["e", Precise.exp(1)],
]);

function unary(run: (value: Decimal) => Decimal): MathFunction {
  return { least: 1, most: 1, run: ([value = ZERO]) => run(value) };
}

function angle(run: (value: Decimal) => Decimal): MathFunction {
  return unary((value) => {
    if (value.abs().gt(MAX_ANGLE))
      throw new CalculationError("The angle is too large to have an exact sine or cosine.");
    const result = run(value);
    // sin(pi) is zero, not the rest of pi behind its last digit.
    return result.abs().lt("1e-80") ? ZERO : result;
  });
}

export function factorial(value: Decimal): Decimal {
  const settled = settle(value);
  if (!settled.isInteger() || settled.isNegative()) {
    throw new CalculationError("A factorial is only defined for whole numbers from 0 on.");
  }
  if (settled.gt(MAX_FACTORIAL))
    throw new CalculationError(`The largest factorial is that of ${MAX_FACTORIAL}.`);
  let product = new Precise(1);
  for (let factor = 2; factor <= settled.toNumber(); factor += 1) product = product.times(factor);
  return product;
}

/** Half away from zero, as taught; JavaScript's own rounding goes up for -2.5. */
function round([value = ZERO, digits = ZERO]: readonly Decimal[]): Decimal {
  const places = settle(digits);
  if (!places.isInteger() || places.abs().gt(MAX_ROUND_DIGITS)) {
    throw new CalculationError(`round takes a whole number of digits, at most ${MAX_ROUND_DIGITS}.`);
  }
  const scale = Precise.pow(10, places);
  return settle(value.times(scale)).round().div(scale);
}

function modulo([value = ZERO, divisor = ZERO]: readonly Decimal[]): Decimal {
  if (divisor.isZero()) throw new CalculationError("There is no remainder of a division by zero.");
  return settle(value).mod(settle(divisor));
}

/** Without a base the natural one. */
function logarithm(value: Decimal, base: Decimal | null): Decimal {
  const isDefined = value.gt(0) && (base === null || (base.gt(0) && !base.eq(1)));
  if (!isDefined)
    throw new CalculationError("A logarithm is defined for numbers above 0, to a base above 0 but 1.");
  return base === null ? value.ln() : value.log(base);
}

function tangent(value: Decimal): Decimal {
  if (value.cos().abs().lt("1e-80")) throw new CalculationError("tan is not defined there.");
  return value.tan();
}

/** The library's own takes minutes for numbers that are far from 1, and nothing can stop it meanwhile. */
function arctangent(value: Decimal): Decimal {
  const size = value.abs();
  if (size.lt(TINY_ARC)) return value;
  if (size.lt(new Precise(1).div(TINY_ARC))) return value.atan();
  const right = PI.div(2).times(Precise.sign(value));
  return right.minus(new Precise(1).div(value));
}

function arcsine(value: Decimal): Decimal {
  return value.abs().lt(TINY_ARC) ? value : value.asin();
}

function arctangent2([y = ZERO, x = ZERO]: readonly Decimal[]): Decimal {
  if (y.isZero() || x.isZero()) return Precise.atan2(y, x);
  const arc = arctangent(y.div(x));
  if (x.isNegative()) return y.isNegative() ? arc.minus(PI) : arc.plus(PI);
  if (arc.isZero()) throw new CalculationError("The number is too small: below 10^-100000.");
  return arc;
}

export const FUNCTIONS: ReadonlyMap<string, MathFunction> = new Map([
  ["sqrt", unary((value) => value.sqrt())],
  ["cbrt", unary((value) => value.cbrt())],
  ["abs", unary((value) => value.abs())],
  ["sign", unary((value) => new Precise(Precise.sign(value)))],
  ["floor", unary((value) => settle(value).floor())],
  ["ceil", unary((value) => settle(value).ceil())],
  ["trunc", unary((value) => settle(value).trunc())],
  ["round", { least: 1, most: 2, run: round }],
  ["exp", unary((value) => value.exp())],
  ["ln", unary((value) => logarithm(value, null))],
  ["log", { least: 1, most: 2, run: ([value = ZERO, base = TEN]) => logarithm(value, base) }],
  ["log2", unary((value) => logarithm(value, new Precise(2)))],
  ["log10", unary((value) => logarithm(value, TEN))],
  ["sin", angle((value) => value.sin())],
  ["cos", angle((value) => value.cos())],
  ["tan", angle(tangent)],
  ["asin", unary(arcsine)],
  ["acos", unary((value) => value.acos())],
  ["atan", unary(arctangent)],
  ["atan2", { least: 2, most: 2, run: arctangent2 }],
  ["rad", unary((value) => value.times(PI).div(180))],
  ["deg", unary((value) => value.times(180).div(PI))],
  ["mod", { least: 2, most: 2, run: modulo }],
  ["factorial", unary(factorial)],
  ["min", { least: 1, most: 100, run: (values) => Precise.min(...values) }],
  ["max", { least: 1, most: 100, run: (values) => Precise.max(...values) }],
  ["sum", { least: 1, most: 100, run: (values) => Precise.sum(...values) }],
]);
