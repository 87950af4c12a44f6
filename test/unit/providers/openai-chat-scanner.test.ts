import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OpenAiChatScanner } from "../../../src/providers/openai-chat-scanner.ts";
import type { ModelEvent } from "../../../src/providers/provider.ts";

const line = (chunk: unknown): string => `data: ${JSON.stringify(chunk)}\n\n`;
const delta = (fields: object, finishReason: string | null = null): string =>
  line({ choices: [{ index: 0, delta: fields, finish_reason: finishReason }] });
const DONE = "data: [DONE]\n\n";

function scan(...texts: readonly string[]): readonly ModelEvent[] {
  const scanner = new OpenAiChatScanner();
  return [...texts.flatMap((text) => scanner.feed(text)), ...scanner.end()];
}

const textOf = (events: readonly ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

describe("OpenAiChatScanner", () => {
  test("[PR59] events of one read are one batch, wherever the bytes are cut", () => {
    const scanner = new OpenAiChatScanner();
    expect(scanner.feed(delta({ content: "a" }) + delta({ content: "b" }))).toEqual([
      { type: "text-delta", text: "ab" },
    ]);
    const stream =
      delta({ content: "Hé" }) +
      delta({ content: "llo 👋" }) +
      delta({}, "stop") +
      line({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }) +
      DONE;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const events = scan(...places.slice(1).map((place, index) => stream.slice(places[index], place)));
        expect(textOf(events)).toBe("Héllo 👋");
        expect(events.at(-1)).toMatchObject({
          type: "finish",
          finishReason: "stop",
          usage: { inputTokens: 3, outputTokens: 2 },
        });
        expect(events.filter(({ type }) => type === "finish")).toHaveLength(1);
      }),
      { seed: 59, numRuns: 200 },
    );
  });

  test("[PR1] after the terminal event it is silent", () => {
    const scanner = new OpenAiChatScanner();
    scanner.feed(delta({}, "stop") + DONE + delta({ content: "late" }));
    expect(scanner.hasEnded).toBe(true);
    expect([
      scanner.feed(delta({ content: "later" })),
      scanner.end(),
      scanner.breakOff("stream-reset", "x"),
    ]).toEqual([[], [], []]);
  });

  test("[PR125] behind a call that is broken nothing is shown, and one cut in front of its arguments is none", () => {
    const call = (index: number, text: string): object => ({
      index,
      id: `c${index}`,
      function: { name: "look", arguments: text },
    });
    const broken = scan(
      delta({ tool_calls: [call(0, '{"a":'), call(1, "{}")] }),
      delta({}, "tool_calls"),
      DONE,
    );
    expect(broken.at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed" } });
    const cut = scan(delta({ tool_calls: [call(0, "{}"), call(1, "")] }), delta({}, "length"), DONE);
    expect(cut.filter(({ type }) => type === "tool-call")).toMatchObject([{ toolCallId: "c0" }]);
  });

  test("[PR6] every finish reason has its meaning", () => {
    const reasons = {
      stop: "stop",
      length: "length",
      content_filter: "content-filter",
      tool_calls: "tool-calls",
      eos: "other",
    };
    for (const [raw, finishReason] of Object.entries(reasons)) {
      expect(scan(delta({}, raw), DONE).at(-1)).toMatchObject({ type: "finish", finishReason });
    }
  });

  test("[PR54] [DONE] or an end without a finish reason is a cut", () => {
    for (const end of [DONE, ""]) {
      expect(scan(delta({ content: "a whole sentence." }), end).at(-1)).toMatchObject({
        type: "fail",
        failure: { kind: "stream-cut", phase: "stream" },
      });
    }
    expect(scan(DONE).at(-1)).toMatchObject({ failure: { kind: "stream-cut", phase: "first-token" } });
  });

  test("[PR58] what was called finished stays finished", () => {
    expect(scan(delta({ content: "Hi" }), delta({}, "stop")).at(-1)).toMatchObject({
      type: "finish",
      finishReason: "stop",
    });
    const scanner = new OpenAiChatScanner();
    scanner.feed(delta({}, "stop"));
    expect(scanner.breakOff("stream-reset", "gone")).toMatchObject([{ type: "finish" }]);
    const cancelled = new OpenAiChatScanner();
    cancelled.feed(delta({}, "stop"));
    expect(cancelled.breakOff("cancelled", "by us")).toMatchObject([
      { type: "fail", failure: { kind: "cancelled" } },
    ]);
  });

  test.each([
    ["an object", line({ error: { message: "overloaded", type: "server_error", code: 503 } })],
    ["a string", line({ error: "llama runner crashed" })],
    ["an event name", `event: error\n${line({ message: "bad" })}`],
  ])("[PR55] an error as %s in the stream", (_name, error) => {
    const events = scan(delta({ content: "Hi" }), error, delta({ content: "more" }));
    expect(textOf(events)).toBe("Hi");
    expect(events.at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "stream-error", phase: "stream", status: 200 },
    });
  });

  test("[PR55] an error that is null is none", () => {
    expect(
      scan(line({ error: null, choices: [{ delta: { content: "Hi" }, finish_reason: "stop" }] }), DONE).at(
        -1,
      ),
    ).toMatchObject({ type: "finish" });
  });

  test("[PR56] broken JSON, other JSON and an endless event are malformed", () => {
    for (const bad of ["data: {oops\n\n", "data: 42\n\n", `data: ${"x".repeat(1_100_000)}`]) {
      expect(scan(bad).at(-1)).toMatchObject({ type: "fail", failure: { kind: "malformed", status: 200 } });
    }
    expect(JSON.stringify(scan("data: {secret prompt\n\n"))).not.toContain("secret");
  });

  test("[PR56] comments, other fields and chunks without choices are no fault", () => {
    expect(
      scan(
        ": ping\n\n",
        "id: 7\n",
        "foo: bar\n",
        line({ object: "x" }),
        line({ choices: [] }),
        delta({ content: "Hi" }, "stop"),
        DONE,
      ),
    ).toMatchObject([{ type: "text-delta", text: "Hi" }, { type: "finish" }]);
  });

  test("[PR57] a failing stream reports the usage known until then", () => {
    expect(
      scan(line({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 0 } }), "data: {\n\n").at(-1),
    ).toMatchObject({
      type: "fail",
      usage: { inputTokens: 12 },
    });
  });

  test("[PR60] thoughts under both names", () => {
    for (const name of ["reasoning_content", "reasoning"]) {
      expect(scan(delta({ [name]: "hm" }), delta({ content: "Hi" }, "stop"), DONE).slice(0, 2)).toEqual([
        { type: "reasoning-delta", text: "hm" },
        { type: "text-delta", text: "Hi" },
      ]);
    }
  });

  test("[PR61] a count that is no count is not reported", () => {
    const usage = {
      prompt_tokens: -1,
      completion_tokens: 2.5,
      prompt_tokens_details: { cached_tokens: "7" },
      completion_tokens_details: 3,
    };
    expect(scan(delta({ content: "Hi" }, "stop"), line({ choices: [], usage }), DONE).at(-1)).toEqual({
      type: "finish",
      finishReason: "stop",
      usage: {
        inputTokens: null,
        cachedInputTokens: null,
        cacheWriteTokens: null,
        outputTokens: null,
        reasoningTokens: null,
      },
    });
  });

  test.each([
    ["flex", "flex"],
    ["default", "default"],
    ["priority", "priority"],
    ["scale", undefined],
    [null, undefined],
  ])(
    "[PR145] a provider that says it has served by %s, in a stream or whole",
    (service_tier, serviceTier) => {
      const usage = { prompt_tokens: 3, completion_tokens: 2 };
      const chunk = {
        choices: [{ index: 0, delta: { role: "assistant" }, finish_reason: "stop" }],
        service_tier,
      };
      const told = scan(line(chunk), line({ choices: [], usage }), DONE).at(-1);
      const message = { role: "assistant", content: "Hi" };
      const body = { choices: [{ index: 0, message, finish_reason: "stop" }], usage, service_tier };
      for (const event of [told, new OpenAiChatScanner().readWhole(body).at(-1)]) {
        if (event?.type !== "finish") throw new Error("the answer has no end");
        expect([event.usage.serviceTier, event.usage.outputTokens]).toEqual([serviceTier, 2]);
      }
    },
  );

  test("[PR62] tool calls in pieces, two at once, without index or id", () => {
    const tool = (fields: object) => delta({ tool_calls: [fields] });
    const events = scan(
      tool({ index: 0, id: "a", function: { name: "f", arguments: '{"x"' } }),
      tool({ index: 1, id: "b", function: { name: "g", arguments: "" } }),
      tool({ index: 0, function: { arguments: ":1}" } }),
      delta({}, "tool_calls"),
      DONE,
    );
    expect(events.filter(({ type }) => type === "tool-call")).toEqual([
      { type: "tool-call", toolCallId: "a", toolName: "f", input: '{"x":1}' },
      { type: "tool-call", toolCallId: "b", toolName: "g", input: "{}" },
    ]);
    expect(
      scan(delta({ tool_calls: [{ function: { name: "f", arguments: "{}" } }] }, "stop"), DONE),
    ).toMatchObject([
      { type: "tool-input-start", toolCallId: "call_0" },
      { type: "tool-input-delta" },
      { type: "tool-call", toolCallId: "call_0", input: "{}" },
      { type: "finish" },
    ]);
  });

  test("[PR62] broken arguments are malformed, cut ones are left out", () => {
    const open = delta({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"x"' } }] });
    expect(scan(open, delta({}, "tool_calls"), DONE).at(-1)).toMatchObject({
      type: "fail",
      failure: { kind: "malformed" },
    });
    const cut = scan(open, delta({}, "length"), DONE);
    expect(cut.at(-1)).toMatchObject({ type: "finish", finishReason: "length" });
    expect(cut.some(({ type }) => type === "tool-call")).toBe(false);
    expect(scan(delta({ tool_calls: [{ index: 0, function: {} }] })).at(-1)).toMatchObject({
      failure: { kind: "malformed" },
    });
  });
});

test("[HT170] an event whose data came in several lines is passed on in one, and still read", () => {
  const scanner = new OpenAiChatScanner([], true);
  const events = scanner.feed('data: {"choices":[{"index":0,\ndata: "delta":{"content":"a"}}]}\n\n');
  expect(events).toEqual([
    { type: "wire", text: 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n', isProse: true },
    { type: "text-delta", text: "a" },
  ]);
});
