import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { decidePlan } from "../../../../src/routing/ranking/plan.ts";
import { estimateTokens } from "../../../../src/routing/estimate-tokens.ts";
import {
  findMissingNeeds,
  readNeeds,
  UNKNOWN_ABILITIES,
} from "../../../../src/routing/ranking/request-needs.ts";
import { timeCpu } from "../../../fakes/cpu-time.ts";
import { classOf, factsOf, nameOf, NO_NEEDS, requestedOf } from "./plan-facts.ts";

const say = (text: string): LanguageModelV4Prompt => [{ role: "user", content: [{ type: "text", text }] }];
const withFile = (mediaType: string): LanguageModelV4Prompt => [
  {
    role: "user",
    content: [{ type: "file", mediaType, data: { type: "data", data: "QUJD" } }],
  },
];
const TOOLS = [{ type: "function" as const, name: "look", inputSchema: { type: "object" as const } }];

describe("tokens", () => {
  it.each([
    ["", 0],
    ["four", 1],
    ["Wie wär’s — später?", 5],
    ["Привет мир!", 5],
    ["你好世界", 4],
    ["こんにちは", 5],
    ["안녕하세요", 5],
    ["hi 世界", 3],
  ])("[RT64] %j is about %i", (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it("[RT64] a prompt is all its messages, its files and its tools", () => {
    const inputOf = (prompt: LanguageModelV4Prompt): number => readNeeds({ prompt }).inputTokens;
    expect(inputOf([])).toBe(0);
    expect(inputOf([{ role: "system", content: "x".repeat(400) }, ...say("x".repeat(40))])).toBe(118);
    expect(inputOf(withFile("image/png"))).toBe(1_004);
    expect(readNeeds({ prompt: say("hi"), tools: TOOLS }).inputTokens).toBeGreaterThan(15);
    const called: LanguageModelV4Prompt = [
      {
        role: "assistant",
        content: [{ type: "tool-call", toolCallId: "1", toolName: "look", input: { at: "x".repeat(400) } }],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "1",
            toolName: "look",
            output: { type: "text", value: "y".repeat(400) },
          },
        ],
      },
    ];
    expect(inputOf(called)).toBeGreaterThan(200);
  });

  it("[RT64] a million characters are read in a moment", () => {
    const text = "a world of words ".repeat(60_000);
    const { value, tookMs } = timeCpu(() => estimateTokens(text));
    expect(value).toBe(255_000);
    expect(tookMs).toBeLessThan(250);
  });
});

describe("needs", () => {
  it("[RT62] pictures and tools are needed when they are there", () => {
    expect(readNeeds({ prompt: say("hi") })).toMatchObject({
      vision: false,
      tools: false,
      outputTokens: null,
    });
    expect(readNeeds({ prompt: withFile("image/png"), maxOutputTokens: 9 })).toMatchObject({
      vision: true,
      outputTokens: 9,
    });
    expect(readNeeds({ prompt: withFile("application/pdf") }).vision).toBe(false);
    expect(readNeeds({ prompt: say("hi"), tools: TOOLS }).tools).toBe(true);
    expect(readNeeds({ prompt: say("hi"), tools: [] }).tools).toBe(false);
  });

  it("[RT62] what a model is known not to give is missing", () => {
    const poor = { contextTokens: 1_000, maxOutputTokens: 100, vision: false, tools: false };
    const all = { vision: true, tools: true, inputTokens: 2_000, outputTokens: 101 };
    expect(findMissingNeeds(all, poor)).toEqual(["vision", "tools", "context", "output"]);
    expect(findMissingNeeds(NO_NEEDS, poor)).toEqual([]);
    expect(findMissingNeeds({ ...NO_NEEDS, outputTokens: 100 }, poor)).toEqual([]);
  });

  it("[RT64] a chat is too long when three quarters of the estimate and the answer do not fit", () => {
    const abilities = { ...UNKNOWN_ABILITIES, contextTokens: 1_000 };
    const missingAt = (inputTokens: number, outputTokens: number | null) =>
      findMissingNeeds({ ...NO_NEEDS, inputTokens, outputTokens }, abilities);
    expect(missingAt(1_333, null)).toEqual([]);
    expect(missingAt(1_336, null)).toEqual(["context"]);
    expect(missingAt(400, 700)).toEqual([]);
    expect(missingAt(400, 701)).toEqual(["context"]);
  });

  it("[RT63] what nobody knows is not missing", () => {
    const everything = { vision: true, tools: true, inputTokens: 9_000_000, outputTokens: 9_000_000 };
    expect(findMissingNeeds(everything, UNKNOWN_ABILITIES)).toEqual([]);
  });
});

describe("in a plan", () => {
  const blind = requestedOf("a/one", { abilities: { ...UNKNOWN_ABILITIES, vision: false } });
  const short = requestedOf("b/two", { abilities: { ...UNKNOWN_ABILITIES, contextTokens: 10 } });
  const seeing = { ...NO_NEEDS, vision: true };

  it("[RT62] who cannot take the request is left out with the reason, others are asked", () => {
    const plan = decidePlan(factsOf({ requested: [classOf(blind, "c/three")], needs: seeing }));
    if (!plan.ok) throw new Error(plan.error.message);
    expect(plan.value.order.map(nameOf)).toEqual(["c/three"]);
    expect(plan.value.candidates[1]).toMatchObject({ place: null, reason: "it takes no pictures" });
    expect(plan.value.skipped).toMatchObject([{ provider: "a", reason: "it takes no pictures" }]);
  });

  it("[RT65] when nobody can, the sentence says what is missing", () => {
    expect(decidePlan(factsOf({ requested: [classOf(blind, short)], needs: seeing }))).toMatchObject({
      ok: false,
      error: {
        type: "nothing-able",
        message:
          "No model that was asked for can take this request: it takes no pictures; the chat is too long for it.",
        retryAfterMs: null,
      },
    });
  });

  it("[RT65] one that could and may not at the moment is worth coming back for", () => {
    const requested = [classOf(blind, "c/three")];
    const circuits = { c: { status: "HALF_OPEN" } } as const;
    expect(decidePlan(factsOf({ requested, needs: seeing }, circuits))).toMatchObject({
      ok: false,
      error: { type: "nothing-available" },
    });
  });
});
