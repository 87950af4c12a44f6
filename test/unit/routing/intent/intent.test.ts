import { describe, expect, it } from "vitest";
import { Intent } from "../../../../src/protocol/selection.ts";
import { INTENT_COLUMNS } from "../../../../src/routing/intent/intent-weights.ts";
import { classifyIntent, pickIntent } from "../../../../src/routing/intent/intent.ts";
import { timeCpu } from "../../../fakes/cpu-time.ts";

describe("intent", () => {
  it.each([
    ["code", "Write a TypeScript function that reverses a list"],
    ["code", "```\nfoo();\n```"],
    ["code", "Where is the bug in this algorithm"],
    ["analysis", "Compare PostgreSQL with SQLite and list the pros and cons"],
    ["writing", "Draft a letter to my landlord"],
    ["question", "Where is Lisbon"],
    ["question", "Lisbon is nice in May?"],
    ["translation", "Translate 'good morning' into French"],
    ["math", "What is 12 * 7?"],
    ["summary", "Summarize this article"],
    ["extraction", "Extract all names from this text"],
    ["chat", "Good morning!"],
    ["chat", ""],
  ])("[RT1] %s: %s", (intent, text) => {
    expect(classifyIntent(text).intent).toBe(intent);
  });

  it("[RT1] a signal inside another word is none", () => {
    expect(classifyIntent("The gitarist met a rustic javanese pythoness")).toEqual({
      intent: "chat",
      scores: {},
    });
    expect(classifyIntent("git python").intent).toBe("code");
  });

  it("[RT1] the same text always gets the same guess, one of the known intents", () => {
    for (const text of [
      "Explain why",
      "fix the bug",
      "?",
      "poem about sql",
      "\u0000\ud800 broken",
      "constructor",
    ]) {
      const first = classifyIntent(text);
      expect(classifyIntent(text)).toEqual(first);
      expect(Intent.options).toContain(first.intent);
    }
  });

  it("[RT1] the table of weights has a column for every intent, in their order", () => {
    expect([...INTENT_COLUMNS]).toEqual(Intent.options);
  });

  it.each(["", "   \n\n", "qwfp zxcv", "—", "𐍈"])(
    "[RT2] without a signal it is chat, and nothing is scored: %j",
    (text) => {
      expect(classifyIntent(text)).toEqual({ intent: "chat", scores: {} });
    },
  );

  it("[RT2] on a tie the one that comes first in the table wins", () => {
    const sums = INTENT_COLUMNS.map(() => 5);
    expect(pickIntent(sums)).toBe("code");
    const [, , ...others] = sums;
    expect(pickIntent([-1, 4, ...others])).toBe("writing");
  });

  it("[RT3] what stands after 4,000 characters is not read", () => {
    const padding = "x ".repeat(2_000);
    expect(classifyIntent(`${padding}translate this`)).toEqual(classifyIntent(padding));
    expect(classifyIntent(`${padding.slice(0, 3_989)} translate`).intent).toBe("translation");
  });

  it("[RT3] a very long text is its head", () => {
    const head = "compare ".padEnd(4_000, "a");
    expect(classifyIntent(head + "translate ".repeat(200_000))).toEqual(classifyIntent(head));
  });

  it.each([
    "Write a TypeScript function that reverses a list",
    "Compare renting and buying",
    "今日は寒いね",
    "hm",
    "translate",
  ])("[RT40] scores are shares of one, the highest for the intent: %s", (text) => {
    const { intent, scores } = classifyIntent(text);
    const values = Object.values(scores);
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(scores[intent]).toBe(Math.max(...values));
    // Nine scores, each rounded to three places.
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThanOrEqual(9 * 0.0005);
  });

  it("[RT40] a plain request scores higher than one that could be two things", () => {
    const plain = classifyIntent("Translate this sentence into French");
    const mixed = classifyIntent("Write about python");
    expect(plain.scores.translation).toBeGreaterThan(0.8);
    expect(Math.max(...Object.values(mixed.scores))).toBeLessThan(plain.scores.translation ?? 0);
  });

  it.each([
    ["translation", "Translate: summarize the article and extract all names"],
    ["translation", 'How do you say "write a poem about my code" in Italian?'],
    [
      "summary",
      "Summarize: Dear customer, please calculate 15 % of 300 and write an email to the translator.",
    ],
    ["writing", "Proofread: the function throw a error when i compiles the code"],
  ])("[RT42] %s, whatever the text in it speaks of: %s", (intent, text) => {
    expect(classifyIntent(text).intent).toBe(intent);
  });

  it("[RT42] a text that is all quotation is read", () => {
    expect(classifyIntent("“Summarize this article”").intent).toBe("summary");
  });

  it("[RT43] no text of any one pattern takes long", () => {
    const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    const pieces = [
      "aA",
      "a_",
      "1a",
      "<a x",
      "a = ",
      "\n- a",
      "\n1. ",
      "“",
      "『",
      "中",
      "か",
      "İ",
      "e\u0301",
      "😀",
    ];
    const costs = [...characters, ...pieces, "i ", "en ", "/a", ") {", " \n", "return ", "http://"].map(
      (piece) => {
        const text = piece.repeat(5_000);
        return {
          piece,
          bestMs: Math.min(...[1, 2, 3].map(() => timeCpu(() => classifyIntent(text)).tookMs)),
        };
      },
    );
    // Some 2 ms at most where it was written; the rest is room for slower and busier machines.
    expect(costs.filter(({ bestMs }) => bestMs > 50)).toEqual([]);
  });
});
