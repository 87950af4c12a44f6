import { expect, test } from "vitest";
import type { AnswerPart } from "../../../src/protocol/answer-parts.ts";
import { estimateTokens } from "../../../src/routing/estimate-tokens.ts";
import { fitOutputs } from "../../../src/tools/fit-outputs.ts";

const toCall = (output: unknown, more: object = {}): AnswerPart => ({
  type: "dynamic-tool",
  toolCallId: "c",
  toolName: "f",
  state: "output-available",
  input: {},
  output,
  ...more,
});

/** Of outputs that are texts, as those that are cut. */
const countAll = (parts: readonly AnswerPart[]): number =>
  parts.reduce((sum, part) => {
    if (part.type !== "dynamic-tool") return sum;
    const output = typeof part.output === "string" ? part.output : (part.errorText ?? "");
    return sum + estimateTokens(output);
  }, 0);

test("[TL42] outputs that fit stay as they are", () => {
  const parts = [{ type: "step-start" as const }, toCall({ a: 1 }), toCall("x".repeat(400))];
  expect(fitOutputs(parts, 103)).toEqual({ parts, cut: 0 });
});

test("[TL42] a long output is cut with a mark, and a short one beside it is not", () => {
  const parts = [toCall("short"), toCall("x".repeat(40_000)), toCall(["y".repeat(40_000)])];
  const fitted = fitOutputs(parts, 2_000);
  expect(fitted.cut).toBe(2);
  expect(fitted.parts[0]).toBe(parts[0]);
  expect(JSON.stringify(fitted.parts[1])).toMatch(/xxx\\n\[Cut here: the whole is 40000 bytes/);
  expect(JSON.stringify(fitted.parts[2])).toMatch(/yyy\\n\[Cut here: the whole is 40004 bytes/);
  expect(countAll(fitted.parts)).toBeLessThanOrEqual(2_000);
  expect(countAll(fitted.parts)).toBeGreaterThan(1_900);
});

test("[TL42] scripts that take more tokens are cut shorter, and errors like outputs", () => {
  const failed = { state: "output-error", output: undefined, errorText: "é".repeat(20_000) };
  const fitted = fitOutputs([toCall("語".repeat(20_000)), toCall("", failed)], 2_000);
  expect(fitted.cut).toBe(2);
  expect(countAll(fitted.parts)).toBeLessThanOrEqual(2_000);
  expect(JSON.stringify(fitted.parts[1])).toContain("Cut here");
});

test("[TL42] where there is no room at all each output is a mark alone", () => {
  const fitted = fitOutputs([toCall("x".repeat(500)), toCall("")], -7);
  expect(fitted.parts).toMatchObject([{ output: expect.stringMatching(/^\n\[Cut here/) }, { output: "" }]);
});
