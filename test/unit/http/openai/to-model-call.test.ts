/** OpenAI's request as the neutral call that every adapter translates from. */
import { describe, expect, it } from "vitest";
import { toModelCall, toQuestion } from "../../../../src/http/openai/to-model-call.ts";
import { ChatCompletionRequest } from "../../../../src/protocol/openai.ts";

const parse = (body: object): ChatCompletionRequest => ChatCompletionRequest.parse(body);
const HELLO = { messages: [{ role: "user", content: "Hello" }] };

describe("the neutral call", () => {
  it.each([null, []])(
    "[HT322] of an answer whose calls are %j has none, here and on OpenAI's own wire",
    (calls) => {
      const answer = { role: "assistant", content: "Yes." };
      const call = toModelCall(
        parse({ messages: [...HELLO.messages, { ...answer, tool_calls: calls }, ...HELLO.messages] }),
      );
      expect(call).toMatchObject({
        ok: true,
        value: { prompt: [{}, { role: "assistant", content: [{ type: "text", text: "Yes." }] }, {}] },
      });
      expect(call.ok && call.value.native?.body["messages"]).toEqual([
        ...HELLO.messages,
        answer,
        ...HELLO.messages,
      ]);
    },
  );

  it.each(["xhigh", "max"])("[HT343] the effort %s binds a call to this wire", (reasoning_effort) => {
    const call = toModelCall(parse({ ...HELLO, reasoning_effort }));
    expect(call).toMatchObject({
      value: {
        reasoningEffort: "high",
        native: { onlyHere: ["reasoning_effort"], body: { reasoning_effort } },
      },
    });
  });

  it.each([
    [{ tool_choice: "required" }, "tool_choice: there are no tools to choose from."],
    [
      { tool_choice: { type: "function", function: { name: "g" } } },
      "tool_choice: there are no tools to choose from.",
    ],
    [
      {
        tools: [{ type: "function", function: { name: "f" } }],
        tool_choice: { type: "function", function: { name: "g" } },
      },
      "tool_choice: there is no tool g.",
    ],
  ])("[HT323] cannot be made of %j", (more, message) => {
    expect(toModelCall(parse({ ...HELLO, ...more }))).toEqual({
      ok: false,
      error: { param: "tool_choice", message },
    });
  });

  it("[HT40] has every setting that was given, and none that was not", () => {
    const request = parse({
      ...HELLO,
      max_tokens: 5,
      max_completion_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      presence_penalty: -1,
      frequency_penalty: 1,
      seed: 0,
      stop: ["a", "b"],
      reasoning_effort: "low",
      tools: [
        { type: "function", function: { name: "f", description: "d", strict: true } },
        { type: "function", function: { name: "g", parameters: { type: "object" } } },
      ],
      tool_choice: { type: "function", function: { name: "g" } },
      response_format: { type: "json_object" },
    });
    const { model: _, ...written } = request;
    expect(toModelCall(request)).toEqual({
      ok: true,
      value: {
        prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.5,
        presencePenalty: -1,
        frequencyPenalty: 1,
        seed: 0,
        stopSequences: ["a", "b"],
        reasoningEffort: "low",
        tools: [
          {
            type: "function",
            name: "f",
            description: "d",
            inputSchema: { type: "object", properties: {} },
            strict: true,
          },
          { type: "function", name: "g", inputSchema: { type: "object" } },
        ],
        toolChoice: { type: "tool", toolName: "g" },
        responseFormat: { type: "json" },
        native: { wire: "openai-chat", body: written, onlyHere: [], stream: false },
      },
    });
    const bare = toModelCall(
      parse({ ...HELLO, temperature: null, stop: null, max_tokens: null, tools: [], tool_choice: "auto" }),
    );
    expect(bare.ok ? Object.keys(bare.value) : []).toEqual(["prompt", "native"]);
  });

  it("[HT40] has every message in its place, with tool calls and their results by name", () => {
    const request = parse({
      messages: [
        {
          role: "developer",
          content: [
            { type: "text", text: "Be " },
            { type: "text", text: "brief." },
          ],
        },
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: "So",
          tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "" } }],
        },
        { role: "tool", tool_call_id: "c1", content: "42" },
      ],
    });
    const call = toModelCall(request);
    expect(call.ok ? call.value.prompt : call.error).toEqual([
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          {
            type: "file",
            mediaType: "image/*",
            data: { type: "url", url: new URL("https://example.com/a.png") },
          },
          { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "So" },
          { type: "tool-call", toolCallId: "c1", toolName: "f", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "c1", toolName: "f", output: { type: "text", value: "42" } },
        ],
      },
    ]);
    expect(toQuestion(request)).toBe("Look\n\n");
  });
});
