/** The signatures of Anthropic's thoughts, from its stream through the adapter and the filter of a leg, and back. */
import { describe, expect, it } from "vitest";
import { toModelCall } from "../../../../src/http/anthropic/to-model-call.ts";
import { MessagesRequest } from "../../../../src/protocol/anthropic.ts";
import { createAnthropicProvider } from "../../../../src/providers/client/anthropic.ts";
import { StreamPace } from "../../../../src/providers/client/stream-pace.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import type { ModelEvent } from "../../../../src/providers/provider.ts";
import { LegFilter } from "../../../../src/routing/legs/leg-filter.ts";

const USAGE = { input_tokens: 9, output_tokens: 1 };
const block = (index: number, start: object, ...deltas: object[]): object[] => [
  { type: "content_block_start", index, content_block: start },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];
const ANSWER = [
  {
    type: "message_start",
    message: { type: "message", id: "msg_1", role: "assistant", model: "m", content: [], usage: USAGE },
  },
  ...block(
    0,
    { type: "thinking", thinking: "", signature: "" },
    { type: "thinking_delta", thinking: "hm" },
    { type: "signature_delta", signature: "s1" },
  ),
  ...block(1, { type: "redacted_thinking", data: "d1" }),
  ...block(2, { type: "text", text: "" }, { type: "text_delta", text: "Yes." }),
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: USAGE },
  { type: "message_stop" },
];

/** What Anthropic is sent, in its own words or in ours, and what comes of its answer. */
async function call(body: object, words: "native" | "neutral", wantsProofs: boolean) {
  const sent: string[] = [];
  const provider = createAnthropicProvider({
    id: toProviderId("anthropic"),
    baseUrl: "https://anthropic.invalid/v1",
    apiKey: "k",
    nowMs: () => 0,
    pace: new StreamPace(),
    fetch: (_url, init) => {
      sent.push(typeof init.body === "string" ? init.body : "");
      const text = ANSWER.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
      return Promise.resolve(new Response(text, { headers: { "content-type": "text/event-stream" } }));
    },
  });
  const read = toModelCall(MessagesRequest.parse({ max_tokens: 50, stream: true, ...body }));
  if (!read.ok) throw new Error(read.error.message);
  const { native, ...neutral } = read.value;
  const events: ModelEvent[] = [];
  const asked = {
    ...neutral,
    ...(words === "neutral" || native === undefined ? {} : { native }),
    wantsProofs,
    modelId: "claude-haiku-4-5",
  };
  for await (const batch of provider.stream(asked, new AbortController().signal)) events.push(...batch);
  return { sent: sent.join(""), events };
}

const HISTORY = {
  system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
  messages: [
    { role: "user", content: "Hello" },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "s0" },
        { type: "thinking", thinking: "someone else's", signature: "" },
        { type: "redacted_thinking", data: "d0" },
        { type: "text", text: "Hi." },
      ],
    },
    { role: "user", content: "And?" },
  ],
};

describe("Anthropic", () => {
  it("[HT180] is sent what was written, without what is ours, and without the thoughts of others", async () => {
    const fields = {
      system: "Be brief.",
      temperature: 0.5,
      top_k: 3,
      stop_sequences: ["END"],
      max_tokens: 50,
    };
    const ours = { model: "fast", models: ["fast"], policy: "cost", metadata: { user_id: "u" } };
    const { sent } = await call({ ...HISTORY, ...ours, ...fields }, "native", true);
    const [asked, answered, asks] = HISTORY.messages;
    const content = Array.isArray(answered?.content) ? answered.content.toSpliced(1, 1) : [];
    expect(JSON.parse(sent)).toEqual({
      ...fields,
      model: "claude-haiku-4-5",
      stream: true,
      messages: [asked, { role: "assistant", content }, asks],
    });
  });

  it.each(["native", "neutral"] as const)(
    "[HT84] [HT180] is sent the thoughts that are its own, as they came, and the marks of what to cache, in %s words",
    async (words) => {
      const { sent } = await call(HISTORY, words, true);
      expect(JSON.parse(sent)).toMatchObject({
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
        messages: [
          { role: "user" },
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "hm", signature: "s0" },
              { type: "redacted_thinking", data: "d0" },
              { type: "text", text: "Hi." },
            ],
          },
          { role: "user" },
        ],
      });
      expect(sent).not.toContain("someone else's");
    },
  );

  it.each(["native", "neutral"] as const)(
    "[HT84] proves its thoughts to who wants it, in %s words",
    async (words) => {
      const { events } = await call(HISTORY, words, true);
      const thoughts = events.filter(
        (event) => event.type === "reasoning-delta" && (event.text !== "" || event.proof !== undefined),
      );
      expect(thoughts).toEqual([
        { type: "reasoning-delta", text: "hm" },
        { type: "reasoning-delta", text: "", proof: { signature: "s1" } },
        { type: "reasoning-delta", text: "", proof: { redactedData: "d1" } },
      ]);
    },
  );

  it("[HT84] proves its thoughts to nobody else", async () => {
    const unasked = await call(HISTORY, "neutral", false);
    // An empty one is a sign of life.
    const thoughts = unasked.events.filter(
      (event) => event.type === "reasoning-delta" && (event.text !== "" || event.proof !== undefined),
    );
    expect(thoughts).toEqual([{ type: "reasoning-delta", text: "hm" }]);
  });

  it("[HT84] a leg lets proofs through, unless it goes on in the middle of a sentence", () => {
    const proof = { type: "reasoning-delta", text: "", proof: { signature: "s1" } } as const;
    expect(new LegFilter({ text: "" }, null).pass([proof])).toEqual([proof]);
    expect(new LegFilter({ text: "half" }, { anchor: null, untoldSpace: "" }).pass([proof])).toEqual([]);
  });
});
