/** What a step is told of what tools gave, where that is more than a model takes. */
import { expect, test } from "vitest";
import type { AnswerPart } from "../../../../src/protocol/answer-parts.ts";
import { estimateTokens } from "../../../../src/routing/estimate-tokens.ts";
import { askStep, openTalk, toModels } from "../step-world.ts";

const toSteps = (...outputs: readonly unknown[]): AnswerPart[] =>
  outputs.flatMap((output, index): AnswerPart[] => [
    { type: "step-start" },
    {
      type: "dynamic-tool",
      toolCallId: `c${index}`,
      toolName: "read",
      state: "output-available",
      input: {},
      output,
    },
  ]);
const PAGES = ["begins with a. ", "begins with b. ", "begins with c. "].map((begin) =>
  begin.padEnd(60_000, "x"),
);

test("[TL42] what the tools of the running answer gave is told as far as the roomiest model takes it", async () => {
  const { store, talk } = openTalk();
  const last = talk(10, 10, 10);
  const step = { done: toSteps(...PAGES), earlier: null };
  const small = await askStep(store, last, { models: toModels(16_000), step });
  expect(estimateTokens(small.text)).toBeLessThan(16_000 * 0.65);
  for (const begin of ["begins with a", "begins with b", "begins with c", "Cut here", "<m2>"])
    expect(small.text).toContain(begin);
  expect(small.log.lines).toEqual([
    { level: "info", event: "tool_outputs_cut", fields: { request_id: "turn_1", cut: 3 } },
  ]);
  const roomy = await askStep(store, last, { models: toModels(200_000), step });
  expect(roomy.text).not.toContain("Cut here");
  expect(roomy.log.lines).toEqual([]);
});

test("[TL42] a chat that fills the budget leaves them a quarter", async () => {
  const { store, talk } = openTalk();
  const last = talk(...Array.from({ length: 21 }, () => 440));
  const done = toSteps(PAGES[0]);
  const { text } = await askStep(store, last, { models: toModels(16_000), step: { done, earlier: null } });
  expect(estimateTokens(text)).toBeLessThan(16_000 * 0.8);
  expect(text).toContain("begins with a");
});

test("[TL43] an answer before is told with what its tools gave, cut where it is more than a quarter of the budget", async () => {
  const { store, add } = openTalk();
  add("Read these.");
  add([...toSteps(...PAGES), { type: "text", text: "I have read them.", state: "done" }]);
  const last = add("Which one was the best?");
  const { text } = await askStep(store, last);
  for (const told of ["Read these.", "begins with a", "begins with c", "Cut here", "I have read them."])
    expect(text).toContain(told);
  expect(estimateTokens(text)).toBeLessThan(24_000 * 0.3);
  expect(JSON.stringify(store.messages.find("m1")?.parts)).toContain(PAGES[2]);
});
