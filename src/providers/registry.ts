/** The configured providers as adapters. Each is made when it is first asked for, and then kept. Rule PR18. */
import type { Ai } from "@cloudflare/workers-types";
import type { ProviderId } from "../base/id.ts";
import { createAnthropicProvider } from "./client/anthropic.ts";
import type { FetchFunction } from "./client/fetch-function.ts";
import { createGoogleProvider } from "./client/google.ts";
import { createOpenAiChatProvider } from "./client/openai-chat.ts";
import { StreamPace } from "./client/stream-pace.ts";
import { createWorkersAiProvider } from "./client/workers-ai.ts";
import type { ProviderConfig } from "./provider-config.ts";
import type { Provider } from "./provider.ts";

export interface ProviderDependencies {
  readonly fetch: FetchFunction;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** Workers AI's binding; only where the configuration found one. */
  readonly ai?: Ai;
}

export interface ProviderRegistry {
  readonly configs: readonly ProviderConfig[];
  /** Null when no such provider is configured. */
  find(id: string): Provider | null;
}

function createProvider(
  config: ProviderConfig,
  dependencies: ProviderDependencies,
  pace: StreamPace,
): Provider | null {
  const { fetch, nowMs, ai } = dependencies;
  const connection = { id: config.id, baseUrl: config.baseUrl, apiKey: config.apiKey, fetch, nowMs, pace };
  switch (config.wire) {
    case "openai-chat":
      return createOpenAiChatProvider({ ...connection, dialect: config.dialect });
    case "anthropic":
      return createAnthropicProvider(connection);
    case "google":
      return createGoogleProvider(connection);
    case "workers-ai":
      return ai === undefined ? null : createWorkersAiProvider({ id: config.id, binding: ai, nowMs });
  }
}

export function createProviderRegistry(
  configs: readonly ProviderConfig[],
  dependencies: ProviderDependencies,
): ProviderRegistry {
  const made = new Map<ProviderId, Provider | null>();
  const pace = new StreamPace();
  return {
    configs,
    find(id) {
      const config = configs.find((candidate) => candidate.id === id);
      if (config === undefined) return null;
      let provider = made.get(config.id);
      if (provider === undefined) {
        provider = createProvider(config, dependencies, pace);
        made.set(config.id, provider);
      }
      return provider;
    },
  };
}
