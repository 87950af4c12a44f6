/**
 * Which providers exist here, read from the environment: platform keys, pinned base URLs, Ollama, one
 * OpenAI-compatible endpoint, Workers AI's binding, and the sandbox's stand-ins. Not the models (catalog.ts) and
 * not the calls (client/). Rules PR10 to PR17, RT73.
 */
import type { ProviderId } from "../base/id.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { EnvironmentReader } from "./environment-reader.ts";
import type { EnvironmentError, EnvironmentRecord } from "./environment-reader.ts";

/** The wire a provider speaks; it decides which adapter is used. */
export type ProviderWire = "openai-chat" | "anthropic" | "google" | "workers-ai";

/** Where speakers of the OpenAI chat wire differ in the request. */
export type ChatDialect = "openai" | "deepseek" | "compatible";

export interface ProviderConfig {
  readonly id: ProviderId;
  readonly displayName: string;
  readonly wire: ProviderWire;
  /** Only meaningful on the `openai-chat` wire. */
  readonly dialect: ChatDialect;
  /** Without a slash at its end; empty for a binding. */
  readonly baseUrl: string;
  /** Null when none was given: the call is then made without one. Never logged. */
  readonly apiKey: string | null;
  /** True when the answers come from a stand-in and not from a model. */
  readonly sandbox: boolean;
  /** Models named by the operator (Ollama, compatible); empty where the catalog knows them. */
  readonly models: readonly string[];
}

interface PlatformProvider {
  readonly id: string;
  readonly displayName: string;
  readonly wire: ProviderWire;
  readonly dialect: ChatDialect;
  readonly keyVariable: string;
  readonly urlVariable: string;
  readonly defaultBaseUrl: string;
  /** Where the sandbox speaks this wire, below SANDBOX_URL. */
  readonly sandboxPath: string;
}

const PLATFORM_PROVIDERS: readonly PlatformProvider[] = [
  {
    id: "anthropic",
    displayName: "Anthropic",
    wire: "anthropic",
    dialect: "openai",
    keyVariable: "PLATFORM_ANTHROPIC_KEY",
    urlVariable: "ANTHROPIC_BASE_URL",
    defaultBaseUrl: "https://api.anthropic.com/v1",
    sandboxPath: "/anthropic/v1",
  },
  {
    id: "openai",
    displayName: "OpenAI",
    wire: "openai-chat",
    dialect: "openai",
    keyVariable: "PLATFORM_OPENAI_KEY",
    urlVariable: "OPENAI_BASE_URL",
    defaultBaseUrl: "https://api.openai.com/v1",
    sandboxPath: "/openai/v1",
  },
  {
    id: "google",
    displayName: "Google",
    wire: "google",
    dialect: "openai",
    keyVariable: "PLATFORM_GOOGLE_KEY",
    urlVariable: "GOOGLE_BASE_URL",
    defaultBaseUrl: "https://generativelanguage.googleapis.com/v1beta",
    sandboxPath: "/google/v1beta",
  },
  {
    id: "deepseek",
    displayName: "DeepSeek",
    wire: "openai-chat",
    dialect: "deepseek",
    keyVariable: "PLATFORM_DEEPSEEK_KEY",
    urlVariable: "DEEPSEEK_BASE_URL",
    defaultBaseUrl: "https://api.deepseek.com/v1",
    sandboxPath: "/deepseek/v1",
  },
];

/** The stand-ins want some key, as the real ones do; this one opens nothing anywhere. */
const SANDBOX_KEY = "stand-in-key";
/** Where Ollama speaks OpenAI's wire, below its own address. */
const OLLAMA_API_PATH = "/v1";

function readPlatformProviders(reader: EnvironmentReader): ProviderConfig[] {
  const found = PLATFORM_PROVIDERS.map((platform) => ({
    platform,
    apiKey: reader.key(platform.keyVariable),
    pinnedUrl: reader.url(platform.urlVariable),
  }));
  const sandboxUrl = reader.url("SANDBOX_URL");
  // Stand-ins next to real answers would be mistaken for them: one real key turns all of them off.
  const useSandbox = sandboxUrl !== null && found.every((entry) => entry.apiKey === null);
  const configs: ProviderConfig[] = [];
  for (const { platform, apiKey, pinnedUrl } of found) {
    const common = {
      id: toProviderId(platform.id),
      displayName: platform.displayName,
      wire: platform.wire,
      dialect: platform.dialect,
      models: [],
    };
    if (pinnedUrl !== null) {
      configs.push({
        ...common,
        baseUrl: withPath(pinnedUrl, new URL(platform.defaultBaseUrl).pathname),
        apiKey,
        sandbox: false,
      });
    } else if (apiKey !== null) {
      configs.push({ ...common, baseUrl: platform.defaultBaseUrl, apiKey, sandbox: false });
    } else if (useSandbox) {
      configs.push({
        ...common,
        baseUrl: sandboxUrl + platform.sandboxPath,
        apiKey: SANDBOX_KEY,
        sandbox: true,
      });
    }
  }
  return configs;
}

/** Their own tools want some of these addresses without a path, where no API is; one that has a path is meant as it is. */
function withPath(url: string, path: string): string {
  return new URL(url).pathname === "/" ? url + path : url;
}

function readOtherProviders(reader: EnvironmentReader): ProviderConfig[] {
  const configs: ProviderConfig[] = [];
  const ollamaUrl = reader.url("OLLAMA_BASE_URL");
  const ollamaModels = reader.models("OLLAMA_MODELS");
  if (ollamaUrl !== null) {
    configs.push({
      id: toProviderId("ollama"),
      displayName: "Ollama",
      wire: "openai-chat",
      dialect: "compatible",
      baseUrl: withPath(ollamaUrl, OLLAMA_API_PATH),
      apiKey: null,
      sandbox: false,
      models: ollamaModels,
    });
  }
  const compatibleUrl = reader.url("COMPATIBLE_BASE_URL");
  const compatibleKey = reader.key("COMPATIBLE_KEY");
  const compatibleModels = reader.models("COMPATIBLE_MODELS");
  if (compatibleUrl !== null) {
    configs.push({
      id: toProviderId("compatible"),
      displayName: "Compatible endpoint",
      wire: "openai-chat",
      dialect: "compatible",
      baseUrl: compatibleUrl,
      apiKey: compatibleKey,
      sandbox: false,
      models: compatibleModels,
    });
  } else if (compatibleKey !== null) {
    reader.errors.push({
      variable: "COMPATIBLE_BASE_URL",
      message: "COMPATIBLE_KEY is set, COMPATIBLE_BASE_URL is missing",
    });
  }
  if (reader.hasBinding("AI")) {
    configs.push({
      id: toProviderId("workers-ai"),
      displayName: "Workers AI",
      wire: "workers-ai",
      dialect: "openai",
      baseUrl: "",
      apiKey: null,
      sandbox: false,
      models: [],
    });
  }
  return configs;
}

/** Brands a provider's name. Only names from this folder and from parsed targets come through here. */
export function toProviderId(name: string): ProviderId {
  return name as ProviderId;
}

/**
 * Reads the configured providers, the four platform providers first. An empty list is a valid answer: nothing is
 * configured. Any bad value fails the whole, with every mistake named.
 */
export function parseProviderConfigs(
  env: EnvironmentRecord,
): Result<readonly ProviderConfig[], readonly EnvironmentError[]> {
  const reader = new EnvironmentReader(env);
  const configs = [...readPlatformProviders(reader), ...readOtherProviders(reader)];
  return reader.errors.length > 0 ? fail(reader.errors) : succeed(configs);
}
