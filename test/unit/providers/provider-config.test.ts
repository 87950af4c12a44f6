import { describe, expect, test } from "vitest";
import { parseProviderConfigs, toProviderId } from "../../../src/providers/provider-config.ts";
import type { EnvironmentRecord } from "../../../src/providers/environment-reader.ts";
import type { ProviderConfig } from "../../../src/providers/provider-config.ts";
import { createProviderRegistry } from "../../../src/providers/registry.ts";

function parse(env: EnvironmentRecord): readonly ProviderConfig[] {
  const parsed = parseProviderConfigs(env);
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join("; "));
  return parsed.value;
}

const SANDBOX_URL = "http://127.0.0.1:9800";

describe("parseProviderConfigs", () => {
  test("[PR10] without keys the sandbox stands in for all four", () => {
    expect(
      parse({ SANDBOX_URL }).map(({ id, baseUrl, sandbox, apiKey }) => [
        id,
        baseUrl,
        sandbox,
        apiKey !== null,
      ]),
    ).toEqual([
      ["anthropic", `${SANDBOX_URL}/anthropic/v1`, true, true],
      ["openai", `${SANDBOX_URL}/openai/v1`, true, true],
      ["google", `${SANDBOX_URL}/google/v1beta`, true, true],
      ["deepseek", `${SANDBOX_URL}/deepseek/v1`, true, true],
    ]);
  });

  test("[PR10] without a sandbox and without keys nothing is configured", () => {
    expect(parse({})).toEqual([]);
  });

  test("[PR11] one real key turns the stand-ins off", () => {
    const configs = parse({ SANDBOX_URL, PLATFORM_GOOGLE_KEY: "real-key" });
    expect(configs.map(({ id, baseUrl, sandbox }) => [id, baseUrl, sandbox])).toEqual([
      ["google", "https://generativelanguage.googleapis.com/v1beta", false],
    ]);
  });

  test("[PR12] a pinned address replaces just its provider, key or no key", () => {
    const configs = parse({ SANDBOX_URL, OPENAI_BASE_URL: "http://127.0.0.1:9911/v1/" });
    const openai = configs.find(({ id }) => id === "openai");
    expect(openai).toMatchObject({ baseUrl: "http://127.0.0.1:9911/v1", apiKey: null, sandbox: false });
    expect(configs.filter(({ sandbox }) => sandbox).map(({ id }) => id)).toEqual([
      "anthropic",
      "google",
      "deepseek",
    ]);
    const keyed = parse({ PLATFORM_OPENAI_KEY: "k", OPENAI_BASE_URL: "https://proxy.example/v1" });
    expect(keyed).toMatchObject([{ id: "openai", baseUrl: "https://proxy.example/v1", apiKey: "k" }]);
  });

  test("[RT73] a pinned address without a path gets the path of the provider's API", () => {
    const configs = parse({
      ANTHROPIC_BASE_URL: "https://api.anthropic.com",
      OPENAI_BASE_URL: "http://127.0.0.1:9911/",
      GOOGLE_BASE_URL: "https://generativelanguage.googleapis.com",
      DEEPSEEK_BASE_URL: "https://proxy.example/deepseek",
    });
    expect(configs.map(({ baseUrl }) => baseUrl)).toEqual([
      "https://api.anthropic.com/v1",
      "http://127.0.0.1:9911/v1",
      "https://generativelanguage.googleapis.com/v1beta",
      "https://proxy.example/deepseek",
    ]);
  });

  test("[PR13] Ollama gets its path and its models", () => {
    const [ollama] = parse({
      OLLAMA_BASE_URL: "http://127.0.0.1:11434",
      OLLAMA_MODELS: "llama3.2, qwen3:8b,,llama3.2",
    });
    expect(ollama).toMatchObject({
      id: "ollama",
      wire: "openai-chat",
      baseUrl: "http://127.0.0.1:11434/v1",
      models: ["llama3.2", "qwen3:8b"],
    });
    expect(parse({ OLLAMA_BASE_URL: "http://127.0.0.1:11434/v1" })[0]?.baseUrl).toBe(
      "http://127.0.0.1:11434/v1",
    );
  });

  test("[PR14] a compatible endpoint, and a key that has none", () => {
    const [compatible] = parse({
      COMPATIBLE_BASE_URL: "https://llm.example/v1",
      COMPATIBLE_KEY: "k",
      COMPATIBLE_MODELS: "a,b",
    });
    expect(compatible).toMatchObject({
      id: "compatible",
      dialect: "compatible",
      apiKey: "k",
      models: ["a", "b"],
    });
    const lonely = parseProviderConfigs({ COMPATIBLE_KEY: "k" });
    expect(lonely.ok ? [] : lonely.error.map(({ variable }) => variable)).toEqual(["COMPATIBLE_BASE_URL"]);
  });

  test("[PR15] Workers AI exists where the binding does", () => {
    expect(parse({ AI: { run() {} } }).map(({ id, wire }) => [id, wire])).toEqual([
      ["workers-ai", "workers-ai"],
    ]);
    expect(parse({ AI: "not a binding" })).toEqual([]);
  });

  test("[PR16] bad values are named all at once and never shown", () => {
    const parsed = parseProviderConfigs({
      PLATFORM_OPENAI_KEY: "secret with spaces",
      ANTHROPIC_BASE_URL: "ftp://user:hunter2@example.com",
      GOOGLE_BASE_URL: "https://user:hunter2@example.com",
      DEEPSEEK_BASE_URL: "https://example.com/?key=hunter2",
      OLLAMA_MODELS: "x".repeat(300),
      SANDBOX_URL: 9800,
    });
    const errors = parsed.ok ? [] : parsed.error;
    expect(errors.map(({ variable }) => variable).toSorted()).toEqual([
      "ANTHROPIC_BASE_URL",
      "DEEPSEEK_BASE_URL",
      "GOOGLE_BASE_URL",
      "OLLAMA_MODELS",
      "PLATFORM_OPENAI_KEY",
      "SANDBOX_URL",
    ]);
    const text = JSON.stringify(errors);
    expect(text).not.toContain("secret with");
    expect(text).not.toContain("hunter2");
    for (const { variable, message } of errors) expect(message).toContain(variable);
  });

  test("[PR17] a blank variable is absent", () => {
    expect(
      parse({ SANDBOX_URL, PLATFORM_OPENAI_KEY: "  ", OPENAI_BASE_URL: "", OLLAMA_BASE_URL: " " }),
    ).toHaveLength(4);
  });
});

describe("createProviderRegistry", () => {
  test("[PR18] adapters are made once, and only for what is configured", () => {
    const registry = createProviderRegistry(parse({ SANDBOX_URL }), {
      fetch: () => Promise.reject(new Error("nothing is called here")),
      nowMs: () => 0,
    });
    const anthropic = registry.find("anthropic");
    expect(anthropic?.id).toBe(toProviderId("anthropic"));
    expect(registry.find("anthropic")).toBe(anthropic);
    expect(registry.find("ollama")).toBeNull();
  });
});
