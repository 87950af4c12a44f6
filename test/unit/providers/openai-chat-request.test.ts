import { describe, expect, test } from "vitest";
import { toOpenAiChatBody } from "../../../src/providers/openai-chat-request.ts";
import type { ChatDialect } from "../../../src/providers/provider-config.ts";
import type { ModelCall } from "../../../src/providers/provider.ts";

function bodyOf(call: Partial<ModelCall>, dialect: ChatDialect = "openai"): Record<string, unknown> {
  const body = toOpenAiChatBody({ modelId: "m", prompt: [], ...call }, dialect);
  if (!body.ok) throw new Error(body.error);
  return body.value;
}

const user = (text: string) => ({ role: "user" as const, content: [{ type: "text" as const, text }] });

describe("toOpenAiChatBody", () => {
  test("[PR50] it streams with usage, and leaves out what was not asked for", () => {
    expect(bodyOf({ prompt: [{ role: "system", content: "Be brief." }, user("Hi")] })).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("[PR50] each dialect has its names for limits and effort", () => {
    const call = { maxOutputTokens: 99, reasoningEffort: "low" } as const;
    expect(bodyOf(call, "openai")).toMatchObject({ max_completion_tokens: 99, reasoning_effort: "low" });
    expect(bodyOf(call, "openai")).not.toHaveProperty("max_tokens");
    expect(bodyOf(call, "deepseek")).toMatchObject({ max_tokens: 99, thinking: { type: "enabled" } });
    expect(bodyOf({ reasoningEffort: "none" }, "deepseek")).toMatchObject({ thinking: { type: "disabled" } });
    expect(bodyOf(call, "compatible")).toMatchObject({ max_tokens: 99, reasoning_effort: "low" });
  });

  test("[PR50] every other setting goes under its wire name", () => {
    expect(
      bodyOf({
        temperature: 0.5,
        topP: 0.9,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        seed: 7,
        stopSequences: ["END"],
        tools: [{ type: "function", name: "f", inputSchema: { type: "object" }, strict: true }],
        toolChoice: { type: "tool", toolName: "f" },
      }),
    ).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      seed: 7,
      stop: ["END"],
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" }, strict: true } }],
      tool_choice: { type: "function", function: { name: "f" } },
    });
    expect(bodyOf({ tools: [], toolChoice: { type: "auto" } })).not.toHaveProperty("tool_choice");
  });

  test("[PR51] JSON with and without a schema", () => {
    const format = { type: "json", schema: { type: "object" }, name: "city" } as const;
    expect(bodyOf({ responseFormat: format })).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "city", schema: { type: "object" } } },
    });
    expect(bodyOf({ responseFormat: format }, "deepseek")).toMatchObject({
      response_format: { type: "json_object" },
    });
    expect(bodyOf({ responseFormat: { type: "json" } })).toMatchObject({
      response_format: { type: "json_object" },
    });
    expect(bodyOf({ responseFormat: { type: "text" } })).not.toHaveProperty("response_format");
  });

  test("[PR4] calls and results of tools keep their ids", () => {
    const { messages } = bodyOf(
      {
        prompt: [
          {
            role: "assistant",
            content: [
              { type: "reasoning", text: "thinking" },
              { type: "tool-call", toolCallId: "c1", toolName: "f", input: { a: 1 } },
            ],
          },
          {
            role: "tool",
            content: [
              {
                type: "tool-result",
                toolCallId: "c1",
                toolName: "f",
                output: { type: "json", value: { b: 2 } },
              },
            ],
          },
        ],
      },
      "deepseek",
    );
    expect(messages).toEqual([
      {
        role: "assistant",
        content: null,
        reasoning_content: "thinking",
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: '{"b":2}' },
    ]);
  });

  test("[PR52] images as bytes, as base64 and by address", () => {
    const image = (
      mediaType: string,
      data: Extract<ModelCall["prompt"][number], { role: "user" }>["content"][number] extends infer Part
        ? Part extends { type: "file"; data: infer Data }
          ? Data
          : never
        : never,
    ) => bodyOf({ prompt: [{ role: "user", content: [{ type: "file", mediaType, data }] }] })["messages"];
    const withUrl = (url: string) => [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
    expect(image("image/png", { type: "data", data: new Uint8Array([1, 2, 255]) })).toEqual(
      withUrl("data:image/png;base64,AQL/"),
    );
    expect(image("image/*", { type: "data", data: "AQL/" })).toEqual(withUrl("data:image/png;base64,AQL/"));
    expect(image("image/webp", { type: "url", url: new URL("https://example.com/a.webp") })).toEqual(
      withUrl("https://example.com/a.webp"),
    );
  });

  test("[PR63] what the wire cannot carry is said in a sentence", () => {
    const body = toOpenAiChatBody(
      {
        modelId: "m",
        prompt: [
          {
            role: "user",
            content: [{ type: "file", mediaType: "video/mp4", data: { type: "data", data: "AA" } }],
          },
        ],
      },
      "openai",
    );
    expect(body).toEqual({ ok: false, error: "this provider's wire cannot carry a file of type video/mp4" });
  });
});
