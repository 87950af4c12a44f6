/** The request of OpenAI's Responses API as the neutral call that every adapter translates from. */
import { describe, expect, it } from "vitest";
import {
  toResponseCall,
  toResponseQuestion,
} from "../../../../src/http/openai/responses/to-response-call.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";

const callOf = (body: object) => toResponseCall(ResponseRequest.parse(body));
function promptOf(input: readonly object[], more: object = {}) {
  const call = callOf({ input, ...more });
  if (!call.ok) throw new Error(call.error.message);
  return call.value.prompt;
}
const text = (said: string) => ({ type: "text", text: said });

describe("the neutral call", () => {
  it.each([
    [{ tool_choice: "required" }, "tool_choice: there are no tools to choose from."],
    [
      { tools: [{ type: "function", name: "f" }], tool_choice: { type: "function", name: "g" } },
      "tool_choice: there is no tool g.",
    ],
  ])("[HT323] cannot be made of %j", (more, message) => {
    expect(callOf({ input: "Hello", ...more })).toMatchObject({
      error: { code: "invalid-request", param: "tool_choice", message },
    });
  });

  it("[HT100] has every setting that was given, and none that was not", () => {
    const parameters = { type: "object", properties: {} };
    const call = callOf({
      input: "Hello",
      max_output_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      reasoning: { effort: "low", summary: "auto" },
      tools: [
        { type: "function", name: "f", description: "d", strict: true, parameters: null },
        { type: "function", name: "g", parameters: { type: "object" } },
      ],
      tool_choice: { type: "function", name: "g" },
      text: { format: { type: "json_schema", name: "n", schema: parameters, strict: true } },
      user: "somebody",
      metadata: { ours: "yes" },
      store: false,
      parallel_tool_calls: true,
      truncation: "disabled",
      include: [],
    });
    expect(call).toEqual({
      ok: true,
      value: {
        prompt: [{ role: "user", content: [text("Hello")] }],
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.5,
        reasoningEffort: "low",
        tools: [
          { type: "function", name: "f", description: "d", inputSchema: parameters, strict: true },
          { type: "function", name: "g", inputSchema: { type: "object" } },
        ],
        toolChoice: { type: "tool", toolName: "g" },
        responseFormat: { type: "json", name: "n", schema: parameters, strict: true },
      },
    });
    const bare = callOf({ input: "Hello", temperature: null, tools: [], tool_choice: "auto", text: {} });
    expect(bare.ok ? Object.keys(bare.value) : []).toEqual(["prompt"]);
    expect(callOf({ input: "x", text: { format: { type: "json_object" } } })).toMatchObject({
      value: { responseFormat: { type: "json" } },
    });
  });

  it("[HT100] has what a model did in one turn as one message, its results as one, and no thoughts", () => {
    const prompt = promptOf(
      [
        { role: "user", content: "Weather in Oslo and Rome?" },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }] },
        {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "I look.", annotations: [], logprobs: [] }],
        },
        { type: "function_call", id: "fc_1", call_id: "c1", name: "weather", arguments: '{"city":"Oslo"}' },
        { type: "function_call", call_id: "c2", name: "time", arguments: "", status: "completed" },
        { type: "function_call_output", call_id: "c1", output: "Rain" },
        { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "Noon" }] },
        { role: "developer", content: [{ type: "input_text", text: "Be brief." }] },
        { role: "user", content: [{ type: "input_text", text: "And?" }] },
      ],
      { instructions: "Be kind." },
    );
    const result = (toolCallId: string, toolName: string, value: string) => ({
      type: "tool-result",
      toolCallId,
      toolName,
      output: { type: "text", value },
    });
    expect(prompt).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: [text("Weather in Oslo and Rome?")] },
      {
        role: "assistant",
        content: [
          text("I look."),
          { type: "tool-call", toolCallId: "c1", toolName: "weather", input: { city: "Oslo" } },
          { type: "tool-call", toolCallId: "c2", toolName: "time", input: {} },
        ],
      },
      { role: "tool", content: [result("c1", "weather", "Rain"), result("c2", "time", "Noon")] },
      { role: "system", content: "Be brief." },
      { role: "user", content: [text("And?")] },
    ]);
  });

  it("[HT100] has images, by address and in the request", () => {
    const prompt = promptOf([
      {
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: "https://example.com/cat.png", detail: "auto" },
          { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" },
        ],
      },
    ]);
    expect(prompt[0]?.content).toEqual([
      text("What is this?"),
      {
        type: "file",
        mediaType: "image/*",
        data: { type: "url", url: new URL("https://example.com/cat.png") },
        providerOptions: { openai: { imageDetail: "auto" } },
      },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "iVBORw0KGgo=" } },
    ]);
  });

  it("[HT100] is about the last words of the user", () => {
    const question = (input: unknown) => toResponseQuestion(ResponseRequest.parse({ input }));
    expect(question("Hello")).toBe("Hello");
    const image = { type: "input_image", image_url: "https://example.com/cat.png" };
    const asked = { role: "user", content: [{ type: "input_text", text: "Which?" }, image] };
    expect(question([{ role: "user", content: "One" }, asked, { role: "assistant", content: "Two" }])).toBe(
      "Which?\n",
    );
    expect(question([{ role: "system", content: "One" }])).toBe("");
  });
});

describe("items that cannot be one", () => {
  const user = { role: "user", content: "Hello" };
  const call = { type: "function_call", call_id: "c1", name: "f", arguments: "{" };
  it.each([
    [
      "an output without its call",
      [user, { type: "function_call_output", call_id: "c9", output: "" }],
      1,
      /c9/,
    ],
    ["arguments that are no JSON", [user, call], 1, /c1 are not JSON/],
    [
      "an image by http",
      [{ role: "user", content: [{ type: "input_image", image_url: "http://a/b.png" }] }],
      0,
      /https URL/,
    ],
    [
      "an image that is a page",
      [{ role: "user", content: [{ type: "input_image", image_url: "data:text/html;base64,AAAA" }] }],
      0,
      /https URL/,
    ],
  ])("[HT102] %s is refused with its place", (_, input, place, sentence) => {
    const refused = callOf({ input });
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid-request", param: `input.${place}` } });
    expect(refused.ok ? "" : refused.error.message).toMatch(sentence);
  });

  it("[HT102] an input with nothing to answer is refused", () => {
    for (const input of [[{ role: "system", content: "Be brief." }], [{ type: "reasoning", summary: [] }]]) {
      expect(callOf({ input, instructions: "Be kind." })).toMatchObject({ error: { param: "input" } });
    }
  });
});
