/** What of a chat fits into what a model is told, and what is folded into a summary. */
import { describe, expect, it } from "vitest";
import type { StoredMessage } from "../../../../src/protocol/session-frame.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import type { ResolvedModels } from "../../../../src/routing/run-answer.ts";
import {
  chooseContext,
  toBudgetTokens,
  toContextPrompt,
  toReadCharacters,
  toRoomTokens,
  toSummarise,
  type ContextFacts,
} from "../../../../src/session/context/context.ts";
import { toMessage } from "../answer-fixtures.ts";

/** Questions and answers in turn; each number is a message of so many tokens. */
function talk(...tokens: number[]): StoredMessage[] {
  return tokens.map((count, index) => {
    const role = index % 2 === 0 ? "user" : "assistant";
    return toMessage(`m${index}`, role, "abcd".repeat(count), index === 0 ? null : `m${index - 1}`);
  });
}

const ids = (messages: readonly StoredMessage[]): string[] => messages.map(({ id }) => id);

function tell(messages: readonly StoredMessage[], changes: Partial<ContextFacts> = {}) {
  const context = chooseContext({
    messages,
    hasOlder: false,
    question: null,
    summary: null,
    budgetTokens: 1_000,
    roomTokens: 0,
    mostTokens: Number.POSITIVE_INFINITY,
    countBytes: () => 100,
    ...changes,
  });
  const prompt = toContextPrompt(context, () => null);
  const [first] = prompt;
  const preface = first?.role === "system" ? first.content : null;
  return { preface, roles: prompt.filter(({ role }) => role !== "system").map(({ role }) => role) };
}

function toModels(...contexts: (number | null)[]): ResolvedModels {
  const targets = contexts.map((contextTokens) => ({
    provider: toProviderId("openai"),
    model: "m",
    abilities: { contextTokens, maxOutputTokens: null, vision: null, tools: null },
    weight: null,
  }));
  const [first, ...rest] = targets;
  if (first === undefined) return { requested: [], unspecified: true, models: [] };
  return {
    requested: [],
    unspecified: false,
    models: [
      { type: "pinned", target: first },
      { type: "class", name: "fast", targets: rest },
    ],
  };
}

describe("the budget", () => {
  it.each([
    ["the installation's own", toModels(), 24_000],
    ["the installation's own, where a context is roomy", toModels(8_000, 200_000), 24_000],
    ["six tenths of the roomiest", toModels(8_000, 16_000), 9_600],
    ["the installation's own, where nobody knows a context", toModels(8_000, null), 24_000],
    ["a thousand at the least", toModels(500), 1_000],
  ])("[SE77] is %s", (_, models, expected) => {
    expect(toBudgetTokens(models, 24_000)).toBe(expected);
  });

  it("[SE131] is not the limit of a question's own files: what a model takes is", () => {
    expect(toRoomTokens(toModels(8_000, 200_000))).toBe(120_000);
    expect(toRoomTokens(toModels(8_000, null))).toBe(76_800);
    expect(toRoomTokens(toModels())).toBe(76_800);
  });

  it("[SE74] bounds what is read of a path", () => {
    expect(toReadCharacters(1_000)).toBeGreaterThanOrEqual(4_000);
    expect(toReadCharacters(2_000)).toBe(2 * toReadCharacters(1_000));
  });
});

describe("what is told", () => {
  it("[SE6] is everything while it fits, and then nothing is said about it", () => {
    expect(tell(talk(200, 300, 400, 50, 50))).toEqual({
      preface: null,
      roles: ["user", "assistant", "user", "assistant", "user"],
    });
  });

  it("[SE78] leaves out what is older, says so, and begins with a question", () => {
    const { preface, roles } = tell(talk(300, 300, 300, 300, 300));
    expect(preface).toContain("left out");
    expect(roles).toEqual(["user", "assistant", "user"]);
    // Five would fit but for the first question: an answer without its question is left out with it.
    expect(tell(talk(900, 100, 100, 100, 100)).roles).toEqual(["user", "assistant", "user"]);
  });

  it("[SE78] always holds the question itself, whatever its length", () => {
    expect(tell(talk(10, 10, 5_000))).toMatchObject({
      roles: ["user"],
      preface: expect.stringContaining("left out"),
    });
    expect(tell(talk(5_000))).toEqual({ roles: ["user"], preface: null });
  });

  it("[SE78] says so too when what is older was not even read", () => {
    expect(tell(talk(1), { hasOlder: true }).preface).toContain("left out");
  });

  it("[SE77] holds the summary in place of what it stands for", () => {
    const { preface } = tell(talk(1, 1, 1), { summary: "They spoke of salt." });
    expect(preface).toContain("They spoke of salt.");
    expect(preface).not.toContain("left out");
    const both = tell(talk(800, 800, 100), { summary: "They spoke of salt." }).preface;
    expect(both).toContain("They spoke of salt.");
    expect(both).toContain("left out");
  });

  it("[SE130] has files beside the words, which keep three quarters of the budget", () => {
    const files = Array.from({ length: 3 }, () => ({ type: "file", mediaType: "image/png", url: "/f" }));
    const toPath = (tokens: number) => [
      toMessage("q", "user", files),
      ...talk(100, tokens, tokens).slice(1),
      ...talk(100, 100, 100, 100).slice(3),
    ];
    expect(tell(toPath(600), { budgetTokens: 2_000 }).roles).toHaveLength(4);
    expect(tell(toPath(800), { budgetTokens: 2_000 }).roles).not.toHaveLength(4);
  });
});

describe("what is summarised", () => {
  it("[SE77] is nothing while three quarters of the budget will do", () => {
    expect(toSummarise(talk(300, 300, 100, 50), 1_000)).toEqual([]);
    expect(toSummarise([], 1_000)).toEqual([]);
  });

  it("[SE77] is the older part, down to less than half of the budget, and ends with an answer", () => {
    const path = talk(200, 200, 200, 200, 100, 100);
    expect(ids(toSummarise(path, 1_000))).toEqual(["m0", "m1", "m2", "m3"]);
    const uneven = talk(100, 650, 200, 10, 100, 10);
    expect(ids(toSummarise(uneven, 1_000))).toEqual(["m0", "m1"]);
  });

  it("[SE77] is also a long question with a short answer, and a short one with a long answer", () => {
    expect(ids(toSummarise(talk(5_000, 10, 10, 10), 1_000))).toEqual(["m0", "m1"]);
    expect(ids(toSummarise(talk(10, 5_000, 10, 10), 1_000))).toEqual(["m0", "m1"]);
  });

  it("[SE77] is never the newest answer, which somebody is reading", () => {
    expect(toSummarise(talk(10, 5_000), 1_000)).toEqual([]);
    expect(ids(toSummarise(talk(10, 10, 10, 5_000), 1_000))).toEqual(["m0", "m1"]);
  });

  it("[SE77] is also what exceeds three quarters of sixty messages, however short", () => {
    const path = talk(...Array.from({ length: 46 }, () => 1));
    const folded = toSummarise(path, 24_000);
    expect(folded.at(-1)?.role).toBe("assistant");
    expect(path.length - folded.length).toBeLessThanOrEqual(24);
    expect(path.length - folded.length).toBeGreaterThanOrEqual(20);
    expect(toSummarise(path.slice(0, 44), 24_000)).toEqual([]);
  });
});
