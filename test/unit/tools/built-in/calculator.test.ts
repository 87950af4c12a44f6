import fc from "fast-check";
import { expect, test } from "vitest";
import { calculate } from "../../../../src/tools/built-in/calculate.ts";
import { FUNCTIONS } from "../../../../src/tools/built-in/math-functions.ts";
import { calculator } from "../../../../src/tools/built-in/calculator.ts";
import { timeCpu } from "../../../fakes/cpu-time.ts";

const context = { signal: new AbortController().signal, nowMs: 0 };

function toResult(expression: string): string {
  const calculation = calculate(expression);
  return calculation.ok ? calculation.value.result : calculation.error;
}

test.each([
  ["0.1 + 0.2", "0.3"],
  ["123456789 * 987654321", "121932631112635269"],
  ["2^200", "1606938044258990275541962092341162602522202993782792835301376"],
  ["1234567890123.45 * 3.3333", "4115185148148.495885"],
  ["1/3*3", "1"],
  ["sqrt(2)^2", "2"],
  ["-2^2", "-4"],
  ["2^-1", "0.5"],
  ["2^3^2", "512"],
  ["2**10", "1024"],
  ["(1 + 2) * -3", "-9"],
  ["10 - 4 - 3", "3"],
  ["3 × 4 ÷ 2 − 1", "5"],
  ["√(16) + 2·π - tau", "4"],
  ["5!", "120"],
  ["-0", "0"],
  ["1.5e3 + .5", "1500.5"],
  ["0.000000001234", "0.000000001234"],
  ["floor((1/3)*3)", "1"],
  ["round(-2.5)", "-3"],
  ["round(10/3, 2)", "3.33"],
  ["mod(-7, 3)", "2"],
  ["log(8, 2) + log2(8) + log10(1000) + ln(e)", "10"],
  ["sin(pi) + cos(pi/2)", "0"],
  ["sin(rad(30))", "0.5"],
  ["deg(atan2(1, 1))", "45"],
  ["max(1, 5, 3) + min(2, 1) + sum(1, 2, 3)", "12"],
  ["SQRT(9)", "3"],
])("[TL4] %s is %s", (expression, result) => {
  expect(calculate(expression)).toEqual({ ok: true, value: { result, isRounded: false } });
});

test.each([
  ["1/3", "0.33333333333333333333"],
  ["pi", "3.1415926535897932385"],
  ["100!", "9.3326215443944152682e+157"],
  ["exp(99.9)", "2.4323089739791153749e+43"],
])("[TL4] %s is %s, rounded", (expression, result) => {
  expect(calculate(expression)).toEqual({ ok: true, value: { result, isRounded: true } });
});

test("[TL4] sums, differences and products of whole numbers are exact", () => {
  const whole = fc.bigInt(-(10n ** 30n), 10n ** 30n);
  fc.assert(
    fc.property(whole, whole, whole, (a, b, c) => {
      expect(toResult(`(${a}) * (${b}) - (${c})`)).toBe(String(a * b - c));
    }),
  );
});

test.each([
  ["1/0", "division by zero"],
  ["0^-1", "division by zero"],
  ["mod(1, 0)", "division by zero"],
  ["(-8)^0.5", "not a real number"],
  ["sqrt(-1)", "not defined"],
  ["ln(0)", "above 0"],
  ["log(8, 1)", "above 0"],
  ["asin(2)", "not defined"],
  ["tan(pi/2)", "not defined"],
  ["(-1)!", "factorial"],
  ["2.5!", "factorial"],
  ["", "empty"],
  ["1 +", "ends too early"],
  ["(1", "A ) is missing"],
  ["1)", "without its ("],
  ["* 2", "A number is missing"],
  ["foo(1)", "no function or constant"],
  ["sqrt", "is a function"],
  ["atan2(1)", "takes 2 arguments"],
  ["2 $ 3", "no meaning"],
])("[TL4] %s has no value, and the sentence says why", async (expression, message) => {
  const result = await calculator.run({ expression }, context);
  expect(result).toMatchObject({ ok: false, error: expect.stringContaining(message) });
});

test.each([
  ["15 % - 3", "percentage or a remainder"],
  ["1,000 + 1", "not 1,000"],
  ["2(3)", "operator is missing"],
  ["2pi", "operator is missing"],
  ["1 2", "operator is missing"],
])("[TL5] %s has two readings and is refused", (expression, message) => {
  expect(toResult(expression)).toContain(message);
});

test.each([
  ["9^9^9", "too large"],
  ["1e999999", "too large"],
  ["exp(1e9)", "too large"],
  ["exp(-1e9)", "too small"],
  ["1e-60000 / 1e60000", "too small"],
  ["1000!", "largest factorial"],
  ["sin(1e30)", "angle is too large"],
  [`${"(".repeat(100)}1${")".repeat(100)}`, "nested too deeply"],
  ["-".repeat(400) + "1", "nested too deeply"],
  ["1+".repeat(300) + "1", "longer than 500 characters"],
  ["constructor(1)", "no function or constant"],
  ["__proto__", "no meaning"],
  ["this.constructor", "no meaning"],
])("[TL5] %s is refused", (expression, message) => {
  expect(toResult(expression)).toContain(message);
});

test.each([
  ["asin(1e-99999)", "1e-99999"],
  ["atan(-1e-99999)", "-1e-99999"],
  ["atan(1e99999)", "1.5707963267948966192"],
  ["atan(-1e99999)", "-1.5707963267948966192"],
  ["atan2(1e99999, 0.5)", "1.5707963267948966192"],
  ["atan2(1e-99999, 0.5)", "2e-99999"],
  ["atan2(1e-99999, -0.5)", "3.1415926535897932385"],
  ["atan2(-1, -1e99999)", "-3.1415926535897932385"],
  ["atan2(1, 1e-99999)", "1.5707963267948966192"],
  ["atan2(1e-99999, 1e99)", "The number is too small: below 10^-100000."],
])("[TL34] %s is %s, and at once", (expression, result) => {
  const { value, tookMs } = timeCpu(() => toResult(expression));
  expect(value).toBe(result);
  expect(tookMs).toBeLessThan(1_000);
});

test("[TL34] no function of numbers of any size takes long", () => {
  const number = fc
    .tuple(
      fc.constantFrom("", "-"),
      fc.integer({ min: 1, max: 999 }),
      fc.integer({ min: -99_000, max: 99_000 }),
    )
    .map(([sign, digits, exponent]) => `${sign}${digits}e${exponent}`);
  const call = fc.tuple(fc.constantFrom(...FUNCTIONS.keys()), number, number).map(([name, one, other]) => {
    const least = FUNCTIONS.get(name)?.least ?? 1;
    return `${name}(${[one, other].slice(0, least).join(", ")})`;
  });
  const power = fc.tuple(number, number).map(([base, exponent]) => `(${base})^(${exponent})`);
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: call }, { weight: 1, arbitrary: power }), (expression) => {
      expect(timeCpu(() => toResult(expression)).tookMs).toBeLessThan(1_000);
    }),
    { numRuns: 300 },
  );
});

test("[TL5] no text whatever makes it throw", () => {
  const piece = fc.constantFrom(
    ...Array.from("0123456789.+-*/^!(),e "),
    "sqrt(",
    "ln(",
    "pi",
    "round(",
    "mod(",
    "1e9",
    "log(",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(typeof toResult(pieces.join(""))).toBe("string");
    }),
    { numRuns: 2_000 },
  );
});

test("[TL4] the tool gives the digits, and says when they are rounded", async () => {
  expect(await calculator.run({ expression: "2 * 21" }, context)).toEqual({
    ok: true,
    value: { result: "42" },
  });
  expect(await calculator.run({ expression: "1/3" }, context)).toMatchObject({ value: { note: "rounded" } });
  expect(await calculator.run({ formula: "1" }, context)).toMatchObject({
    ok: false,
    error: expect.stringContaining("expression"),
  });
});
