import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCallPieces } from "../../../sandbox/google-call-pieces.ts";
import { GooglePartialArgs } from "../../../src/providers/google-partial-args.ts";
import { GoogleScanner } from "../../../src/providers/google-scanner.ts";
import type { ModelEvent } from "../../../src/providers/provider.ts";

const COUNTS = { promptTokenCount: 9, candidatesTokenCount: 4, thoughtsTokenCount: 2 };
const line = (event: unknown): string => `data: ${JSON.stringify(event)}\r\n\r\n`;
const parts = (given: readonly object[], finishReason?: string): object => ({
  candidates: [{ content: { role: "model", parts: given }, index: 0, finishReason }],
  usageMetadata: COUNTS,
  responseId: "of Google's own",
});
const words = (text: string, finishReason?: string): string => line(parts([{ text }], finishReason));

function scan(...texts: readonly string[]): readonly ModelEvent[] {
  const scanner = new GoogleScanner(["secret-key"], "r1");
  return [...texts.flatMap((text) => scanner.feed(text)), ...scanner.end()];
}

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
const FINISH = {
  type: "finish",
  finishReason: "stop",
  usage: {
    inputTokens: 9,
    cachedInputTokens: null,
    cacheWriteTokens: null,
    outputTokens: 6,
    reasoningTokens: 2,
  },
};

describe("GoogleScanner", () => {
  it("[PR122] reads text and thoughts, wherever the bytes are cut", () => {
    const stream =
      line(parts([{ text: "hm", thought: true }])) + words("Hé") + words("llo 👋") + words("", "STOP");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const events = scan(...places.slice(1).map((place, index) => stream.slice(places[index], place)));
        expect(events).toEqual([
          { type: "reasoning-delta", text: "hm" },
          { type: "text-delta", text: "Hé" },
          { type: "text-delta", text: "llo 👋" },
          FINISH,
        ]);
      }),
      { seed: 122, numRuns: 200 },
    );
  });

  it("[PR122] reads calls that come whole, with and without an id or arguments", () => {
    const calls = [
      { functionCall: { id: "f1", name: "weather", args: { city: "Paris" } } },
      { functionCall: { name: "now" } },
    ];
    expect(scan(line(parts(calls, "STOP")))).toEqual([
      { type: "tool-input-start", toolCallId: "f1", toolName: "weather" },
      { type: "tool-input-delta", toolCallId: "f1", text: '{"city":"Paris"}' },
      { type: "tool-input-start", toolCallId: "call_r1_2", toolName: "now" },
      { type: "tool-input-delta", toolCallId: "call_r1_2", text: "{}" },
      { type: "tool-call", toolCallId: "f1", toolName: "weather", input: '{"city":"Paris"}' },
      { type: "tool-call", toolCallId: "call_r1_2", toolName: "now", input: "{}" },
      { ...FINISH, finishReason: "tool-calls" },
    ]);
  });

  it("[PR121] reads two calls whose arguments come value by value", () => {
    const call = (functionCall: object): string => line(parts([{ functionCall }]));
    const events = scan(
      call({ name: "note", willContinue: true }),
      call({ partialArgs: [{ jsonPath: "$.text", stringValue: "a b", willContinue: true }] }),
      call({ partialArgs: [{ jsonPath: "$.text", stringValue: " c" }] }),
      call({ name: "count", partialArgs: [{ jsonPath: "$.to", numberValue: 3 }] }),
      words("", "STOP"),
    );
    expect(events.filter(({ type }) => type === "tool-call")).toEqual([
      { type: "tool-call", toolCallId: "call_r1_1", toolName: "note", input: '{"text":"a b c"}' },
      { type: "tool-call", toolCallId: "call_r1_2", toolName: "count", input: '{"to":3}' },
    ]);
    const pieces = events.flatMap((event) => (event.type === "tool-input-delta" ? [event.text] : []));
    expect(pieces).toEqual(["{", '"text":"a b', ' c"', "}", "{", '"to":3', "}"]);
  });

  it.each([
    ["MAX_TOKENS", { type: "finish", finishReason: "length" }],
    ["STOP", { type: "fail", failure: { kind: "malformed" } }],
  ])("[PR121] makes no call of arguments that %s has cut", (reason, end) => {
    const started = line(
      parts([
        {
          functionCall: {
            name: "note",
            partialArgs: [{ jsonPath: "$.text", stringValue: "a", willContinue: true }],
          },
        },
      ]),
    );
    const events = scan(started, words("", reason));
    expect(events.some(({ type }) => type === "tool-call")).toBe(false);
    expect(events.at(-1)).toMatchObject(end);
  });

  it.each([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content-filter"],
    ["RECITATION", "content-filter"],
    ["PROHIBITED_CONTENT", "content-filter"],
    ["SOMETHING_NEW", "other"],
  ])("[PR123] takes %s for %s", (reason, finishReason) => {
    expect(scan(words("Yes.", reason)).at(-1)).toMatchObject({ type: "finish", finishReason });
  });

  it.each(["MALFORMED_FUNCTION_CALL", "CONTINUATION"])("[PR123] takes %s for a failure", (reason) => {
    expect(scan(words("Yes.", reason)).at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "stream-error", phase: "stream", message: expect.stringContaining(reason) as string },
    });
  });

  it("[PR123] has ended with the reason, however the connection ends", () => {
    const scanner = new GoogleScanner([], "r1");
    scanner.feed(words("Yes.", "STOP"));
    expect(scanner.hasEnded).toBe(false);
    expect(scanner.breakOff("stream-reset", "reset")).toEqual([FINISH]);
    expect([scanner.feed(words("late")), scanner.end(), scanner.breakOff("stream-cut", "x")]).toEqual([
      [],
      [],
      [],
    ]);
  });

  it("[PR123] of a prompt that is blocked says so, and nothing of what comes with it", () => {
    const blocked = {
      promptFeedback: { blockReason: "SAFETY" },
      candidates: [{ content: { parts: [{ text: "No" }] } }],
    };
    expect(scan(line(blocked))).toMatchObject([{ type: "finish", finishReason: "content-filter" }]);
    expect(scan(line(blocked), words("No", "STOP"))).toMatchObject([
      { type: "finish", finishReason: "content-filter" },
    ]);
    const unblocked = { promptFeedback: { blockReason: "BLOCK_REASON_UNSPECIFIED" } };
    expect(scan(line(unblocked), words("Yes.", "STOP")).at(-1)).toEqual(FINISH);
  });

  it.each([
    [
      "an error event",
      line({ error: { code: 503, status: "UNAVAILABLE", message: "secret-key" } }),
      "stream-error",
    ],
    ["no JSON", "data: {nonsense\n\n", "malformed"],
    ["a list", 'data: [{"error":{}}]\n\n', "malformed"],
    ["a flood", `data: ${"x".repeat(17_000_000)}`, "malformed"],
    ["nothing more", "", "stream-cut"],
    [
      "a call without a place",
      line(parts([{ functionCall: { partialArgs: [] } }])) +
        line(parts([{ functionCall: { partialArgs: [{}] } }])),
      "malformed",
    ],
  ])("[PR124] after %s it has failed, once, and what was counted is kept", (_name, text, kind) => {
    const events = scan(words("Yes."), text, words("more"));
    expect(textOf(events)).toBe(kind === "stream-cut" ? "Yes.more" : "Yes.");
    expect(events.filter(({ type }) => type === "fail")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({
      type: "fail",
      failure: { kind, phase: "stream" },
      usage: FINISH.usage,
    });
    expect(JSON.stringify(events)).not.toContain("secret-key");
  });

  it("[PR123] has not ended where more comes behind a reason", () => {
    const scanner = new GoogleScanner([], "r1");
    expect(textOf(scanner.feed(words("", "STOP") + words("Yes,", "STOP") + words(" it")))).toBe("Yes, it");
    expect(scanner.breakOff("stream-reset", "reset")).toMatchObject([
      { type: "fail", failure: { kind: "stream-reset" } },
    ]);
  });

  it.each([
    ["nothing", { promptTokenCount: 10 }, "fail"],
    ["thoughts alone", { promptTokenCount: 10, thoughtsTokenCount: 5 }, "fail"],
    ["an answer", { promptTokenCount: 10, candidatesTokenCount: 1 }, "finish"],
  ])("[PR123] of an empty answer that counted %s", (_name, usageMetadata, end) => {
    const events = scan(
      line({ candidates: [{ content: { role: "model" }, finishReason: "STOP" }], usageMetadata }),
    );
    expect(events).toMatchObject([{ type: end, usage: { inputTokens: 10 } }]);
    if (end === "fail")
      expect(events).toMatchObject([{ failure: { kind: "stream-cut", phase: "first-token" } }]);
  });

  it("[PR123] may end as on OpenAI's wire, or have a picture in it", () => {
    const picture = { inlineData: { mimeType: "image/png", data: "A".repeat(1_200_000) } };
    expect(scan(line(parts([picture])), words("Yes.", "STOP"), "data: [DONE]\n\n")).toEqual([
      { type: "text-delta", text: "Yes." },
      FINISH,
    ]);
  });

  it("[PR125] shows nothing behind its end", () => {
    const call = (functionCall: object): object => ({ functionCall });
    const broken = [call({ name: "f", args: '{"a":' }), call({ name: "g", args: {} })];
    const events = scan(line(parts(broken, "STOP")));
    expect(events.at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "malformed" },
      usage: FINISH.usage,
    });
    const partial = [call({ name: "f", partialArgs: [{ jsonPath: "$.a" }] })];
    expect(scan(line(parts(partial))).at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed" } });
  });

  it("[PR125] makes no call of arguments that are nested too deep, or cut in front of the first of them", () => {
    const deep = `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${"[".repeat(20_000)}${"]".repeat(20_000)}}}]}}]}`;
    expect(scan(words("Yes."), `data: ${deep}\n\n`).at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "malformed" },
      usage: FINISH.usage,
    });
    const begun = { functionCall: { name: "f", args: "" } };
    expect(scan(line(parts([begun], "MAX_TOKENS"))).map(({ type }) => type)).toEqual([
      "tool-input-start",
      "finish",
    ]);
  });

  it("[PR122] takes the arguments of a call that names no pieces of them", () => {
    const call = { functionCall: { name: "f", args: { a: 1 }, partialArgs: null, willContinue: null } };
    expect(scan(line(parts([call], "STOP")))).toContainEqual({
      type: "tool-call",
      toolCallId: "call_r1_1",
      toolName: "f",
      input: '{"a":1}',
    });
  });

  it("[PR124] an empty stream is cut", () => {
    expect(scan()).toMatchObject([{ type: "fail", failure: { kind: "stream-cut", phase: "first-token" } }]);
  });

  it("[PR122] an answer in one piece says what a stream would", () => {
    expect(new GoogleScanner([], "r1").readWhole(parts([{ text: "Yes." }], "STOP"))).toEqual([
      { type: "text-delta", text: "Yes." },
      FINISH,
    ]);
    expect(new GoogleScanner([], "r1").readWhole("Yes.")).toMatchObject([
      { type: "fail", failure: { kind: "malformed" } },
    ]);
  });
});

describe("[PR121] arguments that come value by value", () => {
  const readAll = (args: readonly unknown[]): string | null => {
    const reader = new GooglePartialArgs();
    let text = GooglePartialArgs.BEGINNING;
    for (const arg of args) {
      const added = reader.add(arg);
      if (added === null) return null;
      text += added;
    }
    return text + reader.end();
  };

  it("become what they were, whatever they are", () => {
    const key = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
    const { value } = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
      leaf: fc.oneof(
        fc.string({ unit: "grapheme", maxLength: 40 }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
      ),
      value: fc.oneof(
        { maxDepth: 4 },
        tie("leaf"),
        fc.array(tie("value"), { minLength: 1, maxLength: 4 }),
        fc.dictionary(key, tie("value"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), (args) => {
        const whole = { candidates: [{ content: { parts: [{ functionCall: { name: "f", args } }] } }] };
        const events = toCallPieces(whole).map(line);
        const call = scan(...events, words("", "STOP")).find((event) => event.type === "tool-call");
        expect(JSON.parse(call?.input ?? "")).toEqual(args);
      }),
      { seed: 121, numRuns: 300 },
    );
  });

  it("may have the end of a text apart", () => {
    const text = { jsonPath: "$.a", stringValue: "b", willContinue: true };
    expect(readAll([text, { jsonPath: "$.a" }, { jsonPath: "$.c", boolValue: false }])).toBe(
      '{"a":"b","c":false}',
    );
  });

  it("may have any name", () => {
    const args = [
      { jsonPath: "$['a b']['it\\'s']", numberValue: 1 },
      { jsonPath: '$["c.d"][0]', boolValue: true },
      { jsonPath: "$.__proto__.x", nullValue: "NULL_VALUE" },
    ];
    expect(readAll(args)).toBe('{"a b":{"it\'s":1},"c.d":[true],"__proto__":{"x":null}}');
  });

  it.each([
    ["without a path", [{ numberValue: 1 }]],
    ["without a value", [{ jsonPath: "$.a" }]],
    ["of everything", [{ jsonPath: "$", numberValue: 1 }]],
    ["with a path that cannot be read", [{ jsonPath: "$.a[*]", numberValue: 1 }]],
    ["too deep", [{ jsonPath: `$${".a".repeat(65)}`, numberValue: 1 }]],
    [
      "that stands there",
      [
        { jsonPath: "$.a", numberValue: 1 },
        { jsonPath: "$.a", numberValue: 2 },
      ],
    ],
    ["behind a gap", [{ jsonPath: "$.a[1]", numberValue: 1 }]],
    [
      "of a list by name",
      [
        { jsonPath: "$.a[0]", numberValue: 1 },
        { jsonPath: "$.a.b", numberValue: 1 },
      ],
    ],
    [
      "in what has been closed",
      [
        { jsonPath: "$.a.b", numberValue: 1 },
        { jsonPath: "$.c", numberValue: 1 },
        { jsonPath: "$.a.d", numberValue: 1 },
      ],
    ],
    ["that is none", ["$.a"]],
  ])("a value %s is refused", (_name, args) => {
    expect(readAll(args)).toBeNull();
  });
});
