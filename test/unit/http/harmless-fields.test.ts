/** Fields of newer clients that change no answer, or that one wire alone has: who is sent them. */
import { describe, expect, it } from "vitest";
import { toModelCall as toMessagesCall } from "../../../src/http/anthropic/to-model-call.ts";
import { toResponseCall } from "../../../src/http/openai/responses/to-response-call.ts";
import { toModelCall } from "../../../src/http/openai/to-model-call.ts";
import type { Result } from "../../../src/base/result.ts";
import { CountTokensRequest, MessagesRequest } from "../../../src/protocol/anthropic.ts";
import { ResponseRequest } from "../../../src/protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../../src/protocol/openai.ts";
import { sendTo, SENT_TO } from "../../fakes/sent-request.ts";

function valueOf<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
const user = (content: unknown) => ({ role: "user", content });
const chat = (body: object) =>
  valueOf(toModelCall(ChatCompletionRequest.parse({ messages: [user("Hello?")], ...body })));
const messages = (body: object) =>
  valueOf(toMessagesCall(MessagesRequest.parse({ max_tokens: 99, messages: [user("Hello?")], ...body })));

describe("a completion's", () => {
  const fields = {
    prompt_cache_retention: "24h",
    prompt_cache_options: { mode: "explicit", ttl: "30m" },
    modalities: ["text"],
  };

  it("[HT347] words on OpenAI's cache reach OpenAI, and leave nobody out", async () => {
    const call = chat(fields);
    expect(call.native?.onlyHere).toEqual([]);
    expect((await sendTo("openai", call)).body).toMatchObject(fields);
    for (const wire of SENT_TO.filter((name) => name !== "openai")) {
      const { body } = await sendTo(wire, call);
      expect(JSON.stringify(body)).not.toMatch(/prompt_cache|modalities/);
      expect(body).not.toBeNull();
    }
  });

  it("[HT171] newer tiers are carried, and sound is refused", () => {
    expect(chat({ service_tier: "fast" }).native?.onlyHere).toEqual(["service_tier"]);
    for (const wrong of [{ modalities: ["text", "audio"] }, { prompt_cache_retention: "1y" }]) {
      const body = { messages: [user("Hello?")], ...wrong };
      expect(ChatCompletionRequest.safeParse(body).success).toBe(false);
    }
  });
});

describe("a picture that calls itself image/jpg", () => {
  const url = "data:image/jpg;base64,AAAA";

  it("[HT350] has the type's real name at others than OpenAI, which takes it", async () => {
    const completion = chat({ messages: [user([{ type: "image_url", image_url: { url } }])] });
    const input = [user([{ type: "input_image", image_url: url }])];
    const response = valueOf(toResponseCall(ResponseRequest.parse({ input })));
    for (const call of [completion, response]) {
      expect((await sendTo("anthropic", call)).body).toMatchObject({
        messages: [{ content: [{ source: { media_type: "image/jpeg", data: "AAAA" } }] }],
      });
      expect((await sendTo("google", call)).body).toMatchObject({
        contents: [{ parts: [{ inlineData: { mimeType: "image/jpeg", data: "AAAA" } }] }],
      });
    }
    expect(JSON.stringify((await sendTo("openai", completion)).body)).toContain(url);
  });
});

describe("a response's", () => {
  const fields = {
    prompt_cache_key: "k",
    prompt_cache_retention: "24h",
    prompt_cache_options: { mode: "implicit" },
    safety_identifier: "u_1",
    service_tier: "auto",
    text: { verbosity: "medium" },
  };
  const part = { type: "input_text", text: "Hello?", prompt_cache_breakpoint: { mode: "explicit" } };

  it("[HT347] words that change no answer are taken, and stay here", async () => {
    const call = valueOf(toResponseCall(ResponseRequest.parse({ ...fields, input: [user([part])] })));
    const plain = valueOf(toResponseCall(ResponseRequest.parse({ input: "Hello?" })));
    for (const wire of SENT_TO) expect(await sendTo(wire, call)).toEqual(await sendTo(wire, plain));
  });

  it.each([
    ["service_tier", { service_tier: "flex" }],
    ["text", { text: { verbosity: "high" } }],
  ])("[HT101] %s that would change it is refused", (name, field) => {
    const { error } = ResponseRequest.safeParse({ input: "Hello?", ...field });
    expect(error?.issues[0]?.path[0]).toBe(name);
  });
});

describe("a message's", () => {
  const examples = [{ city: "Oslo" }];
  const tool = {
    name: "weather",
    description: "Looks out of the window",
    input_schema: { type: "object" },
    input_examples: examples,
    eager_input_streaming: true,
    defer_loading: false,
    allowed_callers: ["direct"],
  };

  it("[HT348] tools reach Anthropic as they were written, and others with their examples in words", async () => {
    const call = messages({ tools: [tool] });
    expect(call.native?.onlyHere).toEqual([]);
    expect((await sendTo("anthropic", call)).body).toMatchObject({ tools: [tool] });
    for (const wire of SENT_TO.filter((name) => name !== "anthropic")) {
      const told = JSON.stringify((await sendTo(wire, call)).body);
      expect(told).toContain('Looks out of the window\\n\\nExamples of its input: [{\\"city\\":\\"Oslo\\"}]');
      expect(told).not.toMatch(/input_examples|eager_input|defer_loading|allowed_callers/);
    }
    const { description: _, ...bare } = tool;
    const { tools } = messages({ tools: [bare] });
    expect(tools).toMatchObject([{ description: 'Examples of its input: [{"city":"Oslo"}]' }]);
  });

  it("[HT348] usual speed is taken, and nobody is told of it", async () => {
    const call = messages({ speed: "standard" });
    expect(call.native?.onlyHere).toEqual([]);
    for (const wire of SENT_TO) expect(await sendTo(wire, call)).toEqual(await sendTo(wire, messages({})));
    expect(CountTokensRequest.safeParse({ messages: [user("Hi")], speed: "standard" }).success).toBe(true);
    expect(MessagesRequest.safeParse({ max_tokens: 9, messages: [user("Hi")], speed: "fast" }).success).toBe(
      false,
    );
  });

  it("[HT182] place of work is carried to Anthropic alone", async () => {
    const call = messages({ inference_geo: "us" });
    expect(call.native?.onlyHere).toEqual(["inference_geo"]);
    expect((await sendTo("anthropic", call)).body).toMatchObject({ inference_geo: "us" });
    expect(messages({ inference_geo: null }).native?.onlyHere).toEqual([]);
  });

  it("[HT348] calls come back as answers of Anthropic's have them", () => {
    const use = { type: "tool_use", id: "a", name: "weather", input: {}, toolset_name: null };
    const result = { type: "tool_result", tool_use_id: "a", content: "Rain", toolset_name: null };
    const call = messages({
      messages: [user("Oslo?"), { role: "assistant", content: [use] }, user([result])],
    });
    expect(call.prompt).toHaveLength(3);
  });
});

describe("the system's words in the middle of messages", () => {
  const late = [user("Hello?"), { role: "system", content: "Be brief." }];

  it("[HT355] reach Anthropic as they were written, and others as theirs", async () => {
    const call = messages({ messages: late });
    expect((await sendTo("anthropic", call)).body).toMatchObject({ messages: late });
    expect((await sendTo("compatible", call)).body).toMatchObject({ messages: late });
    expect((await sendTo("google", call)).body).toMatchObject({
      contents: [{ parts: [{ text: "Hello?" }] }, { role: "user", parts: [{ text: "Be brief." }] }],
    });
    const blocks = [
      { type: "text", text: "Be brief." },
      { type: "text", text: "Be kind." },
    ];
    expect(
      messages({ messages: [user("Hello?"), { role: "system", content: blocks }] }).prompt,
    ).toMatchObject([
      { role: "user" },
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be kind." },
    ]);
  });

  it("[HT82] [HT355] are refused at the beginning, with their place", () => {
    const body = MessagesRequest.parse({ max_tokens: 9, messages: late.toReversed() });
    expect(toMessagesCall(body)).toMatchObject({ ok: false, error: { param: "messages.0.role" } });
  });
});
