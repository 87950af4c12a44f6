/** Halves of signs, as a cut through a text leaves them, on their way to providers. */
import { describe, expect, it } from "vitest";
import { createAnthropicProvider } from "../../../../src/providers/client/anthropic.ts";
import { createGoogleProvider } from "../../../../src/providers/client/google.ts";
import { createOpenAiChatProvider } from "../../../../src/providers/client/openai-chat.ts";
import { StreamPace } from "../../../../src/providers/client/stream-pace.ts";
import { toProviderId } from "../../../../src/providers/provider-config.ts";
import type { ModelCall } from "../../../../src/providers/provider.ts";
import { toWellFormedJson } from "../../../../src/providers/well-formed-json.ts";

const CUT = "A cut \ud83d, its end \ude00, whole 😀, and \\ud83d in letters.";
const call: ModelCall = {
  modelId: "m",
  prompt: [{ role: "user", content: [{ type: "text", text: CUT }] }],
};

function openConnection() {
  const bodies: string[] = [];
  const connection = {
    id: toProviderId("x"),
    baseUrl: "https://x.invalid/v1",
    apiKey: "k",
    nowMs: () => 0,
    pace: new StreamPace(),
    fetch: (_url: string, init: RequestInit) => {
      bodies.push(typeof init.body === "string" ? init.body : "");
      return Promise.resolve(new Response("{}", { status: 503 }));
    },
  };
  return { connection, bodies };
}

describe("a request with halves of signs", () => {
  it.each([
    ["Anthropic", createAnthropicProvider],
    ["Google", createGoogleProvider],
    [
      "OpenAI",
      (connection: ReturnType<typeof openConnection>["connection"]) =>
        createOpenAiChatProvider({ ...connection, dialect: "openai" }),
    ],
  ])("[PR129] has a sign for each of them at %s, and all else as it was", async (_, create) => {
    const { connection, bodies } = openConnection();
    for await (const _batch of create(connection).stream(call, new AbortController().signal));
    const [body = ""] = bodies;
    expect(body.isWellFormed()).toBe(true);
    expect(JSON.stringify(JSON.parse(body))).toBe(body);
    expect(body).toContain(JSON.stringify(CUT.toWellFormed()));
  });

  it.each(["\ud800", "\\ud800", "\\\ud800", '"\udfff"', "\n\ud83d\ud83d\ude00", "plain"])(
    "[PR129] is JSON of the same text without them: %j",
    (text) => {
      const value = { [text]: [text, 1] };
      const cleared = { [text.toWellFormed()]: [text.toWellFormed(), 1] };
      expect(toWellFormedJson(JSON.stringify(value))).toBe(JSON.stringify(cleared));
    },
  );
});
