/** How deep what callers write themselves may be nested. */
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { MessagesRequest } from "../../../src/protocol/anthropic.ts";
import { ResponseRequest } from "../../../src/protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../../src/protocol/openai.ts";

/** An object of this many levels, a list in every other one. JSON is parsed without a stack: a body may be as deep. */
function toNested(levels: number): object {
  let value: object = [];
  for (let level = levels - 1; level > 1; level -= 1) value = level % 2 === 0 ? [value] : { a: value };
  return { type: "object", a: value };
}
/** The same as a text, with what looks like levels in a string. */
const toText = (levels: number): string =>
  `${'{"a":'.repeat(levels - 1)}{"\\"[${"{".repeat(100)}":1}${"}".repeat(levels - 1)}`;

const QUESTION = { role: "user", content: "q" };
const chat = (more: object) => ({ messages: [QUESTION], ...more });
const respond = (more: object) => ({ input: "q", ...more });
const message = (more: object) => ({ max_tokens: 9, messages: [QUESTION], ...more });

type Place = readonly [path: string, shape: z.ZodType, toBody: (levels: number) => object];
const PLACES: readonly Place[] = [
  [
    "tools.0.function.parameters",
    ChatCompletionRequest,
    (levels) =>
      chat({ tools: [{ type: "function", function: { name: "f", parameters: toNested(levels) } }] }),
  ],
  [
    "response_format.json_schema.schema",
    ChatCompletionRequest,
    (levels) =>
      chat({
        response_format: { type: "json_schema", json_schema: { name: "n", schema: toNested(levels) } },
      }),
  ],
  [
    "messages.0.tool_calls.0.function.arguments",
    ChatCompletionRequest,
    (levels) => {
      const call = { id: "a", type: "function", function: { name: "f", arguments: toText(levels) } };
      return chat({ messages: [{ role: "assistant", tool_calls: [call] }] });
    },
  ],
  [
    "tools.0.parameters",
    ResponseRequest,
    (levels) => respond({ tools: [{ type: "function", name: "f", parameters: toNested(levels) }] }),
  ],
  [
    "text.format.schema",
    ResponseRequest,
    (levels) => respond({ text: { format: { type: "json_schema", name: "n", schema: toNested(levels) } } }),
  ],
  [
    "tools.0.input_schema",
    MessagesRequest,
    (levels) => message({ tools: [{ name: "f", input_schema: toNested(levels) }] }),
  ],
  [
    "output_config.format.schema",
    MessagesRequest,
    (levels) => message({ output_config: { format: { type: "json_schema", schema: toNested(levels) } } }),
  ],
];

describe("[HT200] how deep callers may nest", () => {
  it.each(PLACES)("%s", (path, shape, toBody) => {
    expect(shape.safeParse(toBody(64)).success).toBe(true);
    for (const levels of [65, 100_000]) {
      expect(shape.safeParse(toBody(levels)).error?.issues).toMatchObject([
        { path: path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key)) },
      ]);
    }
  });

  it("arguments and inputs among the items and blocks of a history", () => {
    const item = (levels: number) => ({
      type: "function_call",
      call_id: "a",
      name: "f",
      arguments: toText(levels),
    });
    const block = (levels: number) => ({ type: "tool_use", id: "a", name: "f", input: toNested(levels) });
    for (const [levels, success] of [
      [64, true],
      [65, false],
      [100_000, false],
    ] as const) {
      expect(ResponseRequest.safeParse({ input: [item(levels)] }).success).toBe(success);
      const messages = [{ role: "assistant", content: [block(levels)] }];
      expect(MessagesRequest.safeParse(message({ messages })).success).toBe(success);
    }
  });
});
