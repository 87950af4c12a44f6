import { describe, expect, it } from "vitest";
import type { ModelCall } from "../../../../src/providers/provider.ts";
import { toAnchor, toContinuedCall } from "../../../../src/routing/legs/continuation.ts";
import { isWordStart } from "../../../../src/routing/legs/is-word-start.ts";

type Call = Omit<ModelCall, "modelId">;

const CALL: Call = {
  prompt: [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "What is a breakwater?" }] },
  ],
  temperature: 0.5,
  stopSequences: ["END"],
  tools: [{ type: "function", name: "look", inputSchema: { type: "object", properties: {} } }],
};
const SHOWN = "A breakwater is a wall in the sea. It keeps the harbour";
const assistant = (text: string) => ({ role: "assistant", content: [{ type: "text", text }] });

function lastText({ prompt }: Call): string {
  const last = prompt.at(-1);
  const part = last?.role === "user" ? last.content[0] : undefined;
  return part?.type === "text" ? part.text : "";
}

describe("the continuing call", () => {
  it("[RT91] in words: the shown text as the last answer, and the request to repeat its end and go on", () => {
    const { call, anchor, isPrefill, untoldSpace } = toContinuedCall(CALL, SHOWN, false);
    expect(call.prompt).toHaveLength(4);
    expect(call.prompt.slice(0, 2)).toEqual(CALL.prompt);
    expect(call.prompt[2]).toEqual(assistant(SHOWN));
    expect(anchor).toBe("sea. It keeps the harbour");
    expect(lastText(call)).toContain(`<cut-off-end>${anchor}</cut-off-end>`);
    expect({ isPrefill, untoldSpace }).toEqual({ isPrefill: false, untoldSpace: "" });
  });

  it("[RT91] as a prefill: the shown text is the end of the prompt, without whitespace at its end", () => {
    const { call, anchor, isPrefill, untoldSpace } = toContinuedCall(CALL, `${SHOWN}.\n\n`, true);
    expect(call.prompt.slice(2)).toEqual([assistant(`${SHOWN}.`)]);
    expect({ anchor, isPrefill, untoldSpace }).toEqual({
      anchor: null,
      isPrefill: true,
      untoldSpace: "\n\n",
    });
  });

  it.each([true, false])(
    "[RT91] behind whitespace alone the call is as it was (prefill: %s)",
    (takesPrefill) => {
      const continued = toContinuedCall(CALL, "\n\n", takesPrefill);
      expect(continued).toEqual({ call: CALL, anchor: null, isPrefill: false, untoldSpace: "\n\n" });
    },
  );

  it("[RT99] no fixed format is asked for, everything else stays", () => {
    const call: Call = { ...CALL, responseFormat: { type: "json" } };
    for (const takesPrefill of [true, false]) {
      const { prompt: _, ...continued } = toContinuedCall(call, SHOWN, takesPrefill).call;
      const { prompt: __, ...original } = CALL;
      expect(continued).toEqual(original);
    }
  });

  it("[RT99] as many tokens are asked for as the limit leaves, and those for the repeated words", () => {
    const call: Call = { ...CALL, maxOutputTokens: 50 };
    // 55 characters are 14 tokens, of which the 25 that are repeated are 7.
    expect(toContinuedCall(call, SHOWN, true).call.maxOutputTokens).toBe(36);
    expect(toContinuedCall(call, SHOWN, false).call.maxOutputTokens).toBe(43);
    expect(toContinuedCall({ ...call, maxOutputTokens: 3 }, SHOWN, true).call.maxOutputTokens).toBe(1);
    expect(toContinuedCall(CALL, SHOWN, true).call).not.toHaveProperty("maxOutputTokens");
  });
});

describe("the words that are to be repeated", () => {
  it.each([
    ["from a word on", SHOWN, "sea. It keeps the harbour"],
    ["a short text whole", "Hello", "Hello"],
    [
      "with the whitespace behind them",
      "One thing.\n\nAnother thing as well, too:\n",
      "Another thing as well, too:\n",
    ],
    [
      "more of them where these stand elsewhere as well",
      "x y, we go on and on and on. z y, we go on and on and on.",
      "z y, we go on and on and on.",
    ],
    [
      "whatever whitespace is between them",
      "yes we go on and on and on and on, no we go on and\non and on and on,",
      "no we go on and\non and on and on,",
    ],
  ])("[RT91] %s", (_, shown, anchor) => {
    const found = toAnchor(shown);
    expect(shown.endsWith(found)).toBe(true);
    expect(found).toBe(anchor);
  });

  it("[RT91] indentation counts for nothing: there are words in front of it", () => {
    const shown = `function go() {\n  return wave > 3;\n}\n${" ".repeat(80)}`;
    expect(toAnchor(shown).trimEnd()).toBe("function go() {\n  return wave > 3;\n}");
  });

  it("[RT91] a script without spaces, and a word without end, give some signs and not the whole text", () => {
    const han = "海浪打在防波堤上水手们回家了今天天气很好我们明天继续出海".padStart(
      200,
      "开始的时候什么都没有",
    );
    expect(toAnchor(han)).toHaveLength(20);
    const blob = Array.from({ length: 400 }, (__, index) => (index * 7919).toString(36)).join("");
    expect(toAnchor(blob).length).toBeLessThanOrEqual(60);
  });

  it("[RT91] a text that repeats itself gives at most some 200 characters", () => {
    expect(toAnchor("ab ".repeat(500)).length).toBeLessThan(320);
  });

  it("[RT91] they never begin within a surrogate pair", () => {
    const waves = "🌊".repeat(100);
    expect(isWordStart(waves, 50)).toBe(true);
    expect(isWordStart(waves, 51)).toBe(false);
    expect(toAnchor(waves).codePointAt(0)).toBe(0x1f30a);
  });
});
