/** Anthropic's request as the neutral call that every adapter translates from. */
import { describe, expect, it } from "vitest";
import { toModelCall, toModels, toQuestion } from "../../../../src/http/anthropic/to-model-call.ts";
import { CountTokensRequest, MessagesRequest } from "../../../../src/protocol/anthropic.ts";
import { readNeeds } from "../../../../src/routing/ranking/request-needs.ts";
import { createCatalog } from "../../../../src/providers/catalog.ts";
import { parseProviderConfigs } from "../../../../src/providers/provider-config.ts";

const parse = (body: object): MessagesRequest => MessagesRequest.parse({ max_tokens: 50, ...body });
const HELLO = { messages: [{ role: "user", content: "Hello" }] };
const CACHED = { cache_control: { type: "ephemeral", ttl: "1h" } };
const CACHED_OPTIONS = { providerOptions: { anthropic: { cacheControl: { type: "ephemeral", ttl: "1h" } } } };
const TOOL = { name: "look", input_schema: { type: "object" } };
const CALL = { type: "tool_use", id: "t1", name: "look", input: { at: 1 } };
const IMAGE = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };

const callOf = (body: object) => {
  const call = toModelCall(parse({ ...HELLO, ...body }));
  if (!call.ok) throw new Error(call.error.message);
  return call.value;
};
const complaintOf = (body: object): string => {
  const call = toModelCall(parse({ ...HELLO, ...body }));
  return call.ok ? "nothing" : call.error.message;
};

describe("the neutral call", () => {
  it("[HT80] has every setting that was given, and none that was not", () => {
    const settings = {
      max_tokens: 9,
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      stop_sequences: ["a", "b"],
      tools: [
        { ...TOOL, type: "custom", description: "d", strict: true },
        { name: "other", input_schema: { type: "object", properties: {} } },
      ],
      tool_choice: { type: "tool", name: "look" },
      output_config: { format: { type: "json_schema", schema: { type: "object" } } },
      metadata: { user_id: "u" },
      service_tier: "auto",
    };
    expect(callOf(settings)).toEqual({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
      wantsProofs: true,
      maxOutputTokens: 9,
      temperature: 0,
      topP: 0.5,
      topK: 40,
      stopSequences: ["a", "b"],
      tools: [
        { type: "function", name: "look", description: "d", inputSchema: { type: "object" }, strict: true },
        { type: "function", name: "other", inputSchema: { type: "object", properties: {} } },
      ],
      toolChoice: { type: "tool", toolName: "look" },
      responseFormat: { type: "json", schema: { type: "object" } },
      native: {
        wire: "anthropic",
        // As it was written, but for what stays with us.
        body: { messages: [{ role: "user", content: "Hello" }], ...settings, metadata: undefined },
        onlyHere: [],
        stream: false,
      },
    });
    expect(Object.keys(callOf({ tools: [], system: "", stop_sequences: [] }))).toEqual([
      "prompt",
      "wantsProofs",
      "maxOutputTokens",
      "native",
    ]);
  });

  it.each<[string, object]>([
    [
      "tool_choice.disable_parallel_tool_use",
      { tools: [TOOL], tool_choice: { type: "any", disable_parallel_tool_use: true } },
    ],
    ["thinking.display", { thinking: { type: "adaptive", display: "omitted" } }],
    ["output_config.effort", { output_config: { effort: "xhigh" } }],
    ["output_config.effort", { output_config: { effort: "max" } }],
    ["service_tier", { service_tier: "standard_only" }],
  ])("[HT182] %s binds a call to this wire", (name, settings) => {
    const { native } = callOf(settings);
    expect(native).toMatchObject({ onlyHere: [name], body: settings });
  });

  it("[HT182] what everybody does anyway binds to no wire", () => {
    const settings = {
      tools: [TOOL],
      tool_choice: { type: "auto", disable_parallel_tool_use: false },
      thinking: { type: "adaptive", display: "summarized" },
      service_tier: "auto",
    };
    expect(callOf(settings).native?.onlyHere).toEqual([]);
  });

  it.each([
    ["auto", { type: "auto" }],
    ["any", { type: "required" }],
    ["none", { type: "none" }],
  ])("[HT80] the tool choice %s has its neutral name", (type, toolChoice) => {
    expect(callOf({ tools: [TOOL], tool_choice: { type } })).toMatchObject({ toolChoice });
  });

  it("[HT80] has every message in its place, results before what the user says beside them", () => {
    const { prompt } = callOf({
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      messages: [
        { role: "user", content: [IMAGE, { type: "text", text: "Look" }] },
        { role: "assistant", content: [{ type: "text", text: "So", citations: null }, CALL] },
        {
          role: "user",
          content: [
            { type: "text", text: "Here" },
            { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "42" }, IMAGE] },
          ],
        },
        { role: "assistant", content: [{ ...CALL, id: "t2", caller: { type: "direct" } }] },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t2", content: "gone", is_error: true }],
        },
        { role: "assistant", content: [{ ...CALL, id: "t3" }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t3" }] },
      ],
    });
    const file = { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } };
    const result = (toolCallId: string, output: object) => ({
      role: "tool",
      content: [{ type: "tool-result", toolCallId, toolName: "look", output }],
    });
    const call = (toolCallId: string) => ({
      type: "tool-call",
      toolCallId,
      toolName: "look",
      input: { at: 1 },
    });
    expect(prompt).toEqual([
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be kind." },
      { role: "user", content: [file, { type: "text", text: "Look" }] },
      { role: "assistant", content: [{ type: "text", text: "So" }, call("t1")] },
      result("t1", { type: "content", value: [{ type: "text", text: "42" }, file] }),
      { role: "user", content: [{ type: "text", text: "Here" }] },
      { role: "assistant", content: [call("t2")] },
      result("t2", { type: "error-text", value: "gone" }),
      { role: "assistant", content: [call("t3")] },
      result("t3", { type: "text", value: "" }),
    ]);
  });

  it("[HT80] asks what the user said last, not what a tool said", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Weather?" }] },
      { role: "assistant", content: [CALL] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "Rain" }] },
    ];
    expect(toQuestion(parse({ messages }))).toBe("Weather?");
    expect(toQuestion(parse(HELLO))).toBe("Hello");
  });
});

describe("what only Anthropic understands", () => {
  it("[HT84] the marks of what to cache stand at system, messages, results and tools", () => {
    const call = callOf({
      system: [{ type: "text", text: "Be brief.", ...CACHED }],
      tools: [{ ...TOOL, ...CACHED }],
      messages: [
        { role: "assistant", content: [CALL] },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "t1",
              content: [{ type: "text", text: "42", ...CACHED }],
            },
            { type: "text", text: "And?", ...CACHED },
          ],
        },
      ],
    });
    const [system, , tool, user] = call.prompt;
    expect(system).toMatchObject(CACHED_OPTIONS);
    expect(call.tools?.[0]).toMatchObject(CACHED_OPTIONS);
    expect(tool?.content[0]).toMatchObject(CACHED_OPTIONS);
    expect(user?.content[0]).toMatchObject(CACHED_OPTIONS);
  });

  it("[HT84] a fifth mark is refused, as Anthropic refuses it", () => {
    const content = ["a", "b", "c", "d", "e"].map((text) => ({ type: "text", text, ...CACHED }));
    expect(complaintOf({ messages: [{ role: "user", content }] })).toMatch(/^cache_control: at most 4/);
    expect(complaintOf({ messages: [{ role: "user", content: content.slice(1) }] })).toBe("nothing");
  });

  it("[HT342] a mark of the request's own goes to Anthropic as it was written, and is the fourth at most", () => {
    const mark = { cache_control: { type: "ephemeral", ttl: "1h" } };
    const { native, ...neutral } = callOf(mark);
    expect(native).toMatchObject({ onlyHere: [], body: mark });
    expect(JSON.stringify(neutral)).not.toContain("ephemeral");
    const blocks = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ type: "text", text: `${index}`, ...mark }));
    expect(callOf({ ...mark, system: blocks(3) }).prompt).toHaveLength(4);
    expect(complaintOf({ ...mark, system: blocks(4) })).toMatch(/^cache_control: at most 4/);
  });

  it("[HT84] thoughts keep their signatures; one without goes without", () => {
    const { prompt } = callOf({
      messages: [
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "s" },
            { type: "redacted_thinking", data: "d" },
            { type: "thinking", thinking: "other", signature: "" },
            { type: "text", text: "Yes." },
          ],
        },
      ],
    });
    expect(prompt[0]?.content).toEqual([
      { type: "reasoning", text: "hm", providerOptions: { anthropic: { signature: "s" } } },
      { type: "reasoning", text: "", providerOptions: { anthropic: { redactedData: "d" } } },
      { type: "reasoning", text: "other" },
      { type: "text", text: "Yes." },
    ]);
  });
});

describe("thinking", () => {
  it.each([
    [{ thinking: { type: "enabled", budget_tokens: 1_024 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 8_000 } }, "low"],
    [{ thinking: { type: "enabled", budget_tokens: 8_001 } }, "medium"],
    [{ thinking: { type: "enabled", budget_tokens: 24_001 } }, "high"],
    [{ thinking: { type: "adaptive", display: "summarized" } }, "high"],
    [{ thinking: { type: "adaptive" }, output_config: { effort: "low" } }, "low"],
    [{ thinking: { type: "disabled" } }, "none"],
    [{ output_config: { effort: "medium" } }, "medium"],
    [{}, undefined],
  ])("[HT83] %j is the effort %s", (body, effort) => {
    expect(callOf(body).reasoningEffort).toBe(effort);
  });

  it("[HT83] an effort beside a budget or beside no thinking is refused by name", () => {
    const output_config = { effort: "low" };
    for (const thinking of [{ type: "enabled", budget_tokens: 2_000 }, { type: "disabled" }]) {
      expect(complaintOf({ thinking, output_config })).toMatch(/^output_config\.effort: /);
    }
  });
});

describe("mistakes between the lines", () => {
  it.each([
    [
      "messages.0.content.0.tool_use_id",
      { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t9" }] }] },
    ],
    [
      "messages.1.content.0.is_error",
      {
        messages: [
          { role: "assistant", content: [CALL] },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "t1", content: [IMAGE], is_error: true }],
          },
        ],
      },
    ],
    [
      "messages.0.content",
      {
        messages: [{ role: "assistant", content: [{ type: "thinking", thinking: "hm", signature: "s" }] }],
      },
    ],
    ["tool_choice", { tool_choice: { type: "any" } }],
    ["tool_choice.name", { tools: [TOOL], tool_choice: { type: "tool", name: "listen" } }],
  ])("[HT82] %s is named", (place, body) => {
    expect(complaintOf(body)).toMatch(new RegExp(`^${place.replaceAll(".", "\\.")}: `));
  });
});

describe("the model", () => {
  const configs = parseProviderConfigs({ PLATFORM_ANTHROPIC_KEY: "k", PLATFORM_OPENAI_KEY: "k" });
  if (!configs.ok) throw new Error("the test's configuration is wrong");
  const catalog = createCatalog(configs.value);

  it("[HT85] a bare name of Anthropic's is that target; classes, targets and strangers stay as they are", () => {
    expect(toModels({ model: "claude-haiku-4-5" }, catalog)).toEqual(["anthropic/claude-haiku-4-5"]);
    // As clients pin them: Anthropic knows it, the catalog need not.
    expect(toModels({ model: "claude-haiku-4-5-20251001" }, catalog)).toEqual([
      "anthropic/claude-haiku-4-5-20251001",
    ]);
    const others = ["balanced", "openai/gpt-6-luna", "compatible/claude-3", "gpt-6-luna", "claude-"];
    expect(toModels({ models: others }, catalog)).toEqual(others);
    expect(toModels({ model: "fast", models: ["claude-haiku-4-5"] }, catalog)).toEqual([
      "anthropic/claude-haiku-4-5",
    ]);
    expect(toModels({}, catalog)).toEqual([]);
  });
});

describe("counting", () => {
  const countOf = (body: object): number => {
    const call = toModelCall(CountTokensRequest.parse({ ...HELLO, ...body }));
    if (!call.ok) throw new Error(call.error.message);
    return readNeeds(call.value).inputTokens;
  };

  it("[HT92] counts words, tools and system, and a picture as a picture wherever it stands", () => {
    const bare = countOf({});
    expect(countOf({ system: "Be as brief as you can." })).toBeGreaterThan(bare);
    expect(countOf({ tools: [TOOL] })).toBeGreaterThan(bare);
    const source = { type: "base64", media_type: "image/png", data: "A".repeat(1_000_000) };
    const image = { type: "image", source };
    const asUser = countOf({ messages: [{ role: "user", content: [image] }] });
    const asResult = countOf({
      messages: [
        { role: "assistant", content: [CALL] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: [image] }] },
      ],
    });
    for (const count of [asUser, asResult]) expect([count > 500, count < 5_000]).toEqual([true, true]);
  });
});
