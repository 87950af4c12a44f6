/** Which tools models are offered, where the definitions are more than a model takes. */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { estimateTokens } from "../../../../src/routing/estimate-tokens.ts";
import { askStep, openTalk, toModels } from "../step-world.ts";

const toTool = (name: string, tokens: number): LanguageModelV4FunctionTool => ({
  type: "function",
  name,
  description: "abcd".repeat(tokens),
  inputSchema: { type: "object" },
});
const TOOLS = [
  toTool("first", 300),
  toTool("huge", 9_000),
  ...Array.from({ length: 9 }, (_, at) => toTool(`t${at}`, 500)),
];

test("[TL50] a small model is offered the tools that it has room for, the largest are left out, and the operator is told", async () => {
  const { store, talk } = openTalk();
  const { offered, log } = await askStep(store, talk(10, 10, 10), { models: toModels(8_000), tools: TOOLS });
  expect(offered.map(({ name }) => name)).toEqual(["first", "t0", "t1", "t2"]);
  expect(log.lines).toEqual([
    {
      level: "warn",
      event: "tools_left_out",
      fields: { request_id: "turn_1", tools: "huge, t3, t4, t5, t6, t7, t8" },
    },
  ]);
});

test("[TL50] a roomy model, and one that nobody knows, is offered all of them in their order", async () => {
  const { store, talk } = openTalk();
  const last = talk(10);
  for (const models of [toModels(200_000), toModels(null)]) {
    const { offered, log } = await askStep(store, last, { models, tools: TOOLS });
    expect(offered).toEqual(TOOLS);
    expect(log.lines).toEqual([]);
  }
});

test("[TL50] the chat has what tools and instructions leave of a model", async () => {
  const { store, talk } = openTalk();
  const last = talk(...Array.from({ length: 21 }, () => 440));
  const models = toModels(16_000);
  const { offered, text } = await askStep(store, last, { models, tools: TOOLS });
  expect(offered).toHaveLength(9);
  expect(estimateTokens(JSON.stringify(offered) + text)).toBeLessThan(16_000 * 0.65);
  const tools = TOOLS.slice(2).map(({ name }) => ({
    type: "function" as const,
    name,
    inputSchema: { type: "object" },
  }));
  const settings = { instructions: "abcd".repeat(5_000), tools };
  const asked = await askStep(store, last, { models, settings });
  expect(asked.offered).toHaveLength(9);
  expect(estimateTokens(asked.text)).toBeLessThan(16_000 * 0.65);
  expect(asked.text).toContain("<m20>");
});

test("[SE260] what a chat is summarised by is what the asked models have room for beside tools", async () => {
  const { store, talk } = openTalk();
  const last = talk(10);
  expect((await askStep(store, last)).budgets).toEqual([24_000]);
  const { budgets, offered } = await askStep(store, last, { models: toModels(16_000), tools: TOOLS });
  expect(budgets).toEqual([9_600 - estimateTokens(JSON.stringify(offered))]);
});
