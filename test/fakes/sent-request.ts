/** What leaves for a provider when it is given a call: the body of its one request, or why there was none. */
import { z } from "zod";
import type { FetchFunction } from "../../src/providers/client/fetch-function.ts";
import { createAnthropicProvider } from "../../src/providers/client/anthropic.ts";
import { createGoogleProvider } from "../../src/providers/client/google.ts";
import { createOpenAiChatProvider } from "../../src/providers/client/openai-chat.ts";
import { StreamPace } from "../../src/providers/client/stream-pace.ts";
import type { ProviderFailure } from "../../src/providers/failure.ts";
import { toProviderId } from "../../src/providers/provider-config.ts";
import type { ModelCall, Provider } from "../../src/providers/provider.ts";

export const SENT_TO = ["anthropic", "google", "openai", "deepseek", "compatible"] as const;
export type SentTo = (typeof SENT_TO)[number];

const MODELS: Readonly<Record<SentTo, string>> = {
  anthropic: "claude-haiku-4-5",
  google: "gemini-3.5-flash-lite",
  openai: "gpt-6-luna",
  deepseek: "deepseek-v4-pro",
  compatible: "some",
};

const Body = z.record(z.string(), z.unknown());

export interface Sent {
  /** Null when nothing left. */
  readonly body: z.infer<typeof Body> | null;
  /** `overloaded` is what the stand-in for a fetch answers whoever asks it. */
  readonly failure: ProviderFailure | null;
}

export async function sendTo(wire: SentTo, call: Omit<ModelCall, "modelId">): Promise<Sent> {
  const bodies: z.infer<typeof Body>[] = [];
  const provider = toProvider(wire, (_url, init) => {
    bodies.push(Body.parse(JSON.parse(z.string().parse(init.body))));
    return Promise.resolve(new Response("{}", { status: 503 }));
  });
  let failure: ProviderFailure | null = null;
  const asked = { ...call, modelId: MODELS[wire] };
  for await (const batch of provider.stream(asked, new AbortController().signal)) {
    for (const event of batch) if (event.type === "fail") failure = event.failure;
  }
  if (bodies.length > 1) throw new Error(`${bodies.length} requests left for ${wire}`);
  return { body: bodies[0] ?? null, failure };
}

function toProvider(wire: SentTo, fetch: FetchFunction): Provider {
  const connection = {
    id: toProviderId(wire),
    baseUrl: "https://provider.invalid/v1",
    apiKey: "k",
    nowMs: () => 0,
    pace: new StreamPace(),
    fetch,
  };
  if (wire === "anthropic") return createAnthropicProvider(connection);
  if (wire === "google") return createGoogleProvider(connection);
  return createOpenAiChatProvider({ ...connection, dialect: wire });
}
