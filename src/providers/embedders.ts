/** Which of the configured providers give embeddings, and their adapters. Rule PR106. */
import { createGoogleEmbedder } from "./client/google-embeddings.ts";
import { createOpenAiEmbedder } from "./client/openai-embeddings.ts";
import type { Embedder } from "./embedder.ts";
import type { ProviderConfig } from "./provider-config.ts";
import type { ProviderDependencies } from "./registry.ts";

/** Null for a provider that is not configured, and for one that has no embeddings. */
export type FindEmbedder = (id: string) => Embedder | null;

export function createEmbedders(
  configs: readonly ProviderConfig[],
  { fetch, nowMs }: Pick<ProviderDependencies, "fetch" | "nowMs">,
): FindEmbedder {
  const embedders = new Map<string, Embedder>();
  for (const config of configs) {
    const { id, baseUrl, apiKey } = config;
    const connection = { id, baseUrl, apiKey, fetch, nowMs };
    if (config.wire === "google") embedders.set(id, createGoogleEmbedder(connection));
    // DeepSeek speaks the wire of chats and has no embeddings.
    if (config.wire === "openai-chat" && config.dialect !== "deepseek") {
      embedders.set(id, createOpenAiEmbedder(connection));
    }
  }
  return (id) => embedders.get(id) ?? null;
}
