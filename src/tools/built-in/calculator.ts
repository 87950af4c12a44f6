/** The tool `calculator`: models guess at long products. Rules TL4, TL5. */
import { z } from "zod";
import { succeed } from "../../base/result.ts";
import { defineTool } from "../define-tool.ts";
import { calculate } from "./calculate.ts";
import { CONSTANTS, FUNCTIONS } from "./math-functions.ts";

export const calculator = defineTool({
  name: "calculator",
  description:
    "Calculates an arithmetic expression with decimals of 100 digits. Call it for every calculation that is not " +
    "trivial. Operators: + - * / ^ ! and parentheses; angles are radians; percentages are written as x/100. " +
    `Functions: ${[...FUNCTIONS.keys()].join(", ")}. Constants: ${[...CONSTANTS.keys()].join(", ")}.`,
  input: z.strictObject({
    expression: z.string().describe('For example "1234.5 * 1.19", "sqrt(2)^3", "round(10/3, 2)".'),
  }),
  needsApproval: false,
  isRepeatable: true,
  run: ({ expression }) => {
    const calculation = calculate(expression);
    if (!calculation.ok) return calculation;
    const { result, isRounded } = calculation.value;
    return succeed(isRounded ? { result, note: "rounded" } : { result });
  },
});
