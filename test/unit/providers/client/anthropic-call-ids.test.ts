/** Ids of tool calls that other providers made, on their way to Anthropic. */
import { expect, it } from "vitest";
import { createAnthropicProvider } from "../../../../src/providers/client/anthropic.ts";
import { StreamPace } from "../../../../src/providers/client/stream-pace.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import type { ModelCall } from "../../../../src/providers/provider.ts";
import { z } from "zod";

const Block = z.looseObject({ id: z.string().optional(), tool_use_id: z.string().optional() });
const Sent = z.object({ messages: z.array(z.object({ content: z.array(Block) })) });

async function send(call: ModelCall): Promise<string> {
  const bodies: string[] = [];
  const provider = createAnthropicProvider({
    id: toProviderId("anthropic"),
    baseUrl: "https://anthropic.invalid/v1",
    apiKey: "k",
    nowMs: () => 0,
    pace: new StreamPace(),
    fetch: (_url, init) => {
      bodies.push(typeof init.body === "string" ? init.body : "");
      return Promise.resolve(new Response("{}", { status: 503 }));
    },
  });
  for await (const _ of provider.stream(call, new AbortController().signal));
  return bodies[0] ?? "";
}

const toCall = (...ids: string[]): ModelCall => ({
  modelId: "claude-haiku-4-5",
  prompt: [
    { role: "user", content: [{ type: "text", text: "Weather?" }] },
    {
      role: "assistant",
      content: ids.map((toolCallId) => ({ type: "tool-call", toolCallId, toolName: "weather", input: {} })),
    },
    {
      role: "tool",
      content: ids.map((toolCallId) => ({
        type: "tool-result",
        toolCallId,
        toolName: "weather",
        output: { type: "text", value: "Rain" },
      })),
    },
  ],
});

async function sendIds(...ids: string[]) {
  const { messages } = Sent.parse(JSON.parse(await send(toCall(...ids))));
  const blocks = messages.flatMap(({ content }) => content);
  return {
    calls: blocks.flatMap(({ id }) => id ?? []),
    results: blocks.flatMap(({ tool_use_id: id }) => id ?? []),
  };
}

it("[PR128] get a form that it takes, each its own, the same for a call and its result and in every request", async () => {
  const long = `call_1__thought__${"A+/=".repeat(4_000)}`;
  const { calls, results } = await sendIds("functions.weather:0", "functions.weather:1", "Büro", long);
  expect(new Set(calls).size).toBe(4);
  for (const id of calls) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  expect(results).toEqual(calls);
  expect((await sendIds("functions.weather:1")).calls).toEqual([calls[1]]);
});

it("[PR128] stay as they are where it takes them", async () => {
  const ids = ["toolu_01A-b", "call_0"];
  expect(await sendIds(...ids)).toEqual({ calls: ids, results: ids });
});

it("[PR128] [HT180] are the caller's in a request of Anthropic's own wire", async () => {
  const body = { messages: [{ role: "assistant", content: [{ type: "tool_use", id: "a:0" }] }] };
  const native = { wire: "anthropic" as const, body, onlyHere: [], stream: true };
  expect(await send({ ...toCall("a:0"), native })).toContain('"id":"a:0"');
});
