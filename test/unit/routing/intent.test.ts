import { describe, expect, it } from "vitest";
import { Intent } from "../../../src/protocol/selection.ts";
import { classifyIntent } from "../../../src/routing/intent.ts";

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
    ["chat", "Good morning!"],
    ["chat", ""],
  ])("[RT1] %s: %s", (intent, text) => {
    expect(classifyIntent(text).intent).toBe(intent);
  });

  it.each([
    ["translation", "Übersetze das ins Englische"],
    ["translation", "请翻译这句话"],
    ["writing", "Écris une histoire"],
    ["question", "Qué es un agujero negro"],
    ["question", "¿Dónde está Lisboa?"],
    ["question", "Où est la gare"],
    ["analysis", "Vergleiche die beiden Angebote"],
  ])("[RT1] letters with accents are letters, too: %s: %s", (intent, text) => {
    expect(classifyIntent(text).intent).toBe(intent);
  });

  it("[RT1] a signal inside another word is none", () => {
    expect(classifyIntent("The gitarist met a rustic javanese pythoness").intent).toBe("chat");
    expect(classifyIntent("Das écrit-que kóde").scores).not.toHaveProperty("code");
  });

  it("[RT1] the same text always gets the same intent, one of the known ones", () => {
    for (const text of ["Explain why", "fix the bug", "?", "poem about sql", "\u0000\ud800 broken"]) {
      const first = classifyIntent(text);
      expect(classifyIntent(text)).toEqual(first);
      expect(Intent.options).toContain(first.intent);
    }
  });

  it("[RT2] without a signal it is chat, and nothing is scored", () => {
    expect(classifyIntent("hm")).toEqual({ intent: "chat", scores: {} });
  });

  it("[RT2] on a tie the one that comes first in the table wins", () => {
    const tie = classifyIntent("write about python");
    expect(tie.scores).toEqual({ code: 3, writing: 3 });
    expect(tie.intent).toBe("code");
    const later = classifyIntent("compare and rewrite");
    expect(later.scores).toEqual({ analysis: 3, writing: 3 });
    expect(later.intent).toBe("analysis");
  });

  it("[RT3] what stands after 4,000 characters is not read", () => {
    const padding = "x ".repeat(2_000);
    expect(classifyIntent(`${padding}translate this`).intent).toBe("chat");
    expect(classifyIntent(`${padding.slice(0, 3_989)} translate`).intent).toBe("translation");
  });

  it("[RT3] a very long text costs no more than its head", () => {
    const head = "compare ".padEnd(4_000, "a");
    expect(classifyIntent(head + "translate ".repeat(200_000))).toEqual(classifyIntent(head));
  });
});
