/** Fields within a chat completion: those of OpenAI's reference are taken, any other one is refused by its place. */
import { describe, expect, it } from "vitest";
import { toModelCall } from "../../../../src/http/openai/to-model-call.ts";
import { ChatCompletionRequest } from "../../../../src/protocol/openai.ts";

const user = (content: unknown, more: object = {}) => ({ role: "user", content, ...more });
const HELLO = { messages: [user("Hello")] };
const CACHE = { cache_control: { type: "ephemeral" } };
const IMAGE = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
const TOOL = { type: "function", function: { name: "f" } };
const SCHEMA = { type: "object", properties: {} };
const CALL = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
const RESULT = { role: "tool", tool_call_id: "c1", content: "x" };
const afterCall = (message: object) => ({ messages: [{ role: "assistant", tool_calls: [CALL] }, message] });
const said = (message: object) => ({ messages: [user("a"), { role: "assistant", ...message }, user("b")] });

/** The places that were refused, also within the shapes that were tried for one field. */
function listPlaces(body: object): string[] {
  type Issues = NonNullable<ReturnType<typeof ChatCompletionRequest.safeParse>["error"]>["issues"];
  const toPlaces = (issues: Issues, above: readonly PropertyKey[]): string[] =>
    issues.flatMap((issue) => {
      const path = [...above, ...issue.path];
      if (issue.code === "invalid_union") return issue.errors.flatMap((each) => toPlaces(each, path));
      const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
      return [[...path, ...keys].map(String).join(".")];
    });
  return toPlaces(ChatCompletionRequest.safeParse(body).error?.issues ?? [], []);
}

describe("a field within", () => {
  it.each([
    ["messages.0.content.0.cache_control", { messages: [user([{ type: "text", text: "x", ...CACHE }])] }],
    ["messages.0.content.0.cache_control", { messages: [user([{ ...IMAGE, ...CACHE }])] }],
    [
      "messages.0.content.0.image_url.width",
      { messages: [user([{ ...IMAGE, image_url: { ...IMAGE.image_url, width: 9 } }])] },
    ],
    [
      "messages.0.content.0.prompt_cache_breakpoint.for",
      {
        messages: [
          user([{ type: "text", text: "x", prompt_cache_breakpoint: { mode: "explicit", for: 1 } }]),
        ],
      },
    ],
    [
      "messages.0.content.0.cache_control",
      { messages: [{ role: "system", content: [{ type: "text", text: "x", ...CACHE }] }] },
    ],
    [
      "messages.1.content.0.cache_control",
      afterCall({ ...RESULT, content: [{ type: "text", text: "x", ...CACHE }] }),
    ],
    ["messages.0.cache_control", { messages: [user("x", CACHE)] }],
    ["messages.0.cache_control", { messages: [{ role: "developer", content: "x", ...CACHE }] }],
    ["messages.1.is_error", afterCall({ ...RESULT, is_error: true })],
    ["tools.0.cache_control", { ...HELLO, tools: [{ ...TOOL, ...CACHE }] }],
    ["tools.0.function.examples", { ...HELLO, tools: [{ ...TOOL, function: { name: "f", examples: [] } }] }],
    [
      "tool_choice.function.only",
      { ...HELLO, tool_choice: { ...TOOL, function: { name: "f", only: true } } },
    ],
    ["response_format.schema", { ...HELLO, response_format: { type: "json_object", schema: SCHEMA } }],
    [
      "response_format.json_schema.grammar",
      { ...HELLO, response_format: { type: "json_schema", json_schema: { name: "n", grammar: "g" } } },
    ],
    ["stream_options.include_costs", { ...HELLO, stream: true, stream_options: { include_costs: true } }],
    ["messages.1.function_call", said({ content: "c", function_call: { name: "f", arguments: "{}" } })],
    ["messages.1.audio", said({ audio: { id: "audio_1" } })],
  ])("[HT41] %s is refused", (place, body) => {
    expect(listPlaces(body)).toContain(place);
  });

  it("[HT40] [HT41] [HT170] that OpenAI's reference has is taken, and reaches a target on this wire", () => {
    const breakpoint = { prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } };
    const text = { type: "text", text: "x", ...breakpoint };
    const image = { ...IMAGE, image_url: { ...IMAGE.image_url, detail: "original" }, ...breakpoint };
    const json = { name: "n", description: "d", schema: SCHEMA, strict: true };
    const written = {
      messages: [
        { role: "system", content: [text], name: "rules" },
        { role: "developer", content: "Be brief.", name: "rules" },
        user([text, image], { name: "Ada" }),
        { role: "assistant", content: [text], name: "us", tool_calls: [CALL] },
        { ...RESULT, content: [text], name: "f" },
      ],
      tools: [
        { ...TOOL, function: { name: "f", description: "d", parameters: SCHEMA, strict: true } },
        { ...TOOL, function: { name: "g", strict: null } },
      ],
      tool_choice: TOOL,
      response_format: { type: "json_schema", json_schema: json },
    };
    const options = {
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
    };
    expect(toModelCall(ChatCompletionRequest.parse({ ...written, ...options }))).toMatchObject({
      value: { native: { body: written } },
    });
  });

  it("[HT41] of an answer that comes back is taken, and left out where it is not known", () => {
    const answer = {
      content: [{ type: "text", text: "Yes.", annotations: [], index: 0 }],
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      parsed: { yes: true },
      tool_calls: [
        { index: 0, ...CALL, function: { ...CALL.function, parsed_arguments: {} }, extra_content: {} },
      ],
    };
    const { messages } = ChatCompletionRequest.parse(said(answer));
    expect(messages[1]).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "Yes." }],
      refusal: null,
      audio: null,
      function_call: null,
      tool_calls: [CALL],
    });
  });
});
