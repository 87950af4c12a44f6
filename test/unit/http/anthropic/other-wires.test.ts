/** What of Anthropic's request reaches a provider that speaks OpenAI's chat wire. */
import { describe, expect, it } from "vitest";
import { toModelCall } from "../../../../src/http/anthropic/to-model-call.ts";
import { MessagesRequest } from "../../../../src/protocol/anthropic.ts";
import { toOpenAiChatBody } from "../../../../src/providers/openai-chat-request.ts";
import type { ChatDialect } from "../../../../src/providers/provider-config.ts";

function toBody(body: object, dialect: ChatDialect = "openai") {
  const hello = { max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };
  const call = toModelCall(MessagesRequest.parse({ ...hello, ...body }));
  if (!call.ok) throw new Error(call.error.message);
  return toOpenAiChatBody({ ...call.value, modelId: "m" }, dialect);
}

describe("on OpenAI's chat wire", () => {
  it("[HT80] a tool's image is told of in its result and comes after all results, as the user's", () => {
    const call = (id: string) => ({ type: "tool_use", id, name: "look", input: {} });
    const source = { type: "base64", media_type: "image/png", data: "AAAA" };
    const messages = [
      { role: "assistant", content: [call("t1"), call("t2")] },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "t1",
            content: [
              { type: "text", text: "A cat." },
              { type: "image", source },
            ],
          },
          { type: "tool_result", tool_use_id: "t2", content: "A dog." },
          { type: "text", text: "And?" },
        ],
      },
    ];
    const body = toBody({ messages });
    expect(body).toMatchObject({
      ok: true,
      value: {
        messages: [
          { role: "assistant" },
          {
            role: "tool",
            tool_call_id: "t1",
            content: "A cat.\n[The file is in the next message.]",
          },
          { role: "tool", tool_call_id: "t2", content: "A dog." },
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
          },
          { role: "user", content: "And?" },
        ],
      },
    });
  });

  it("[HT85] top_k reaches servers that have it, and is a failure where there is none", () => {
    expect(toBody({ top_k: 40 }, "compatible")).toMatchObject({ ok: true, value: { top_k: 40 } });
    for (const dialect of ["openai", "deepseek"] as const) {
      expect(toBody({ top_k: 40 }, dialect)).toEqual({
        ok: false,
        error: "this provider's wire cannot carry top_k",
      });
    }
  });

  it("[HT84] the marks of what to cache and thoughts stay out, but for DeepSeek's place for thoughts", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "tool_use", id: "t1", name: "look", input: {} },
    ];
    const body = {
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "assistant", content }],
    };
    const sent = JSON.stringify(toBody(body));
    for (const word of ["cache", "ephemeral", "hm", "signature"]) expect(sent).not.toContain(word);
    expect(toBody(body, "deepseek")).toMatchObject({
      value: { messages: [{ role: "system" }, { role: "assistant", reasoning_content: "hm" }] },
    });
  });
});
