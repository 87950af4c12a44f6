/** Vectors as numbers and as base64. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countDimensions, isVector, toFormat } from "../../../src/providers/vector.ts";

describe("a vector", () => {
  it("[PR102] is the same in both forms, to the bit", () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 50 }), (numbers) => {
        const base64 = toFormat(numbers, "base64");
        expect(isVector(base64)).toBe(true);
        expect(countDimensions(base64)).toBe(numbers.length);
        expect(toFormat(base64, "float")).toEqual(numbers);
      }),
    );
  });

  it("[PR102] that has its form already is not touched", () => {
    const numbers = [0.1, 0.2];
    expect(toFormat(numbers, "float")).toBe(numbers);
    expect(toFormat("AACAPw==", "base64")).toBe("AACAPw==");
    expect(toFormat("AACAPw==", "float")).toEqual([1]);
  });

  it.each([[[]], [[1, Number.NaN]], [["1"]], [""], ["AAA="], ["AACAPw"], ["AACA Pw="], [null], [{}]])(
    "[PR103] %j is none",
    (value) => {
      expect(isVector(value)).toBe(false);
    },
  );
});
