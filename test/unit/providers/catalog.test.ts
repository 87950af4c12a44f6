import { beforeAll, describe, expect, test } from "vitest";
import {
  createCatalog,
  findCatalogTarget,
  parseModelClasses,
  parseRequestedModel,
  toTargetName,
} from "../../../src/providers/catalog.ts";
import type { Catalog } from "../../../src/providers/catalog.ts";
import { KNOWN_CLASSES, KNOWN_MODELS } from "../../../src/providers/known-models.ts";
import { loadPriceBook } from "../../../src/providers/price.ts";
import type { PriceBook } from "../../../src/providers/price.ts";
import { toProbeCall } from "../../../src/providers/probe-call.ts";
import { parseProviderConfigs } from "../../../src/providers/provider-config.ts";
import type { EnvironmentRecord } from "../../../src/providers/environment-reader.ts";

function catalogOf(env: EnvironmentRecord): Catalog {
  const configs = parseProviderConfigs(env);
  if (!configs.ok) throw new Error("bad configuration");
  return createCatalog(configs.value);
}

const FULL = catalogOf({ SANDBOX_URL: "http://127.0.0.1:9800" });
const NOVEMBER_MS = Date.parse("2026-11-20T12:00:00Z");

describe("createCatalog", () => {
  test("[PR20] every class has targets of at least three providers, each first in its own", () => {
    expect(FULL.classes.map(({ name }) => name)).toEqual(["fast", "balanced", "frontier", "reasoning"]);
    for (const { targets, description } of FULL.classes) {
      expect(new Set(targets.map(({ provider }) => provider)).size).toBeGreaterThanOrEqual(3);
      expect(description).not.toBe("");
    }
    expect(new Set(FULL.classes.map(({ targets }) => targets[0]?.provider)).size).toBe(4);
  });

  test("[PR25] only what is configured appears, what an operator lists comes last", () => {
    const catalog = catalogOf({
      PLATFORM_OPENAI_KEY: "k",
      OLLAMA_BASE_URL: "http://127.0.0.1:11434",
      OLLAMA_MODELS: "llama3.2",
    });
    expect(new Set(catalog.targets.map(({ provider }) => String(provider)))).toEqual(
      new Set(["openai", "ollama"]),
    );
    for (const { targets } of catalog.classes)
      expect(targets.map(toTargetName).at(-1)).toBe("ollama/llama3.2");
    expect(catalogOf({}).classes.every(({ targets }) => targets.length === 0)).toBe(true);
  });

  test("[PR26] MODEL_CLASSES adds and replaces, anything else is an error", () => {
    const classes = parseModelClasses(
      '{"coding":{"targets":["openai/gpt-6-astra","openai/my-tuned"]},"fast":{"targets":["google/gemini-3.8-flash"]}}',
    );
    if (!classes.ok) throw new Error(classes.error);
    const configs = parseProviderConfigs({ SANDBOX_URL: "http://127.0.0.1:9800" });
    const catalog = createCatalog(configs.ok ? configs.value : [], classes.value);
    const namesOf = (name: string) =>
      catalog.classes.find((candidate) => candidate.name === name)?.targets.map(toTargetName);
    expect(namesOf("coding")).toEqual(["openai/gpt-6-astra", "openai/my-tuned"]);
    expect(namesOf("fast")).toEqual(["google/gemini-3.8-flash"]);
    expect(namesOf("balanced")?.length).toBeGreaterThan(2);
    expect(parseModelClasses(undefined)).toEqual({ ok: true, value: [] });
    for (const bad of [
      "{",
      "[]x",
      '{"Bad Name":{"targets":["a/b"]}}',
      '{"a":{"targets":[]}}',
      '{"a":{"targets":["no-slash"]}}',
    ]) {
      expect(parseModelClasses(bad).ok).toBe(false);
    }
  });
});

describe("known models", () => {
  let book: PriceBook;
  beforeAll(async () => {
    book = await loadPriceBook();
  });

  test.each(KNOWN_MODELS.map((model) => [toTargetName(model), model] as const))(
    "[PR21] %s has a price",
    (_name, model) => {
      const price = book.listPrice(model.provider, model.modelId, NOVEMBER_MS);
      expect(price?.inputMicroUsdPerMillion).toBeGreaterThan(0);
      expect(price?.outputMicroUsdPerMillion).toBeGreaterThan(0);
    },
  );

  test("[PR21] every class names only known models", () => {
    const known = new Set(KNOWN_MODELS.map(toTargetName));
    expect(KNOWN_CLASSES.flatMap(({ targets }) => targets).filter((target) => !known.has(target))).toEqual(
      [],
    );
  });
});

describe("parseRequestedModel", () => {
  const parse = (text: string) => parseRequestedModel(FULL, text);

  test("[PR22] a class and a pinned target", () => {
    expect(parse("fast")).toMatchObject({ ok: true, value: { kind: "class", modelClass: { name: "fast" } } });
    expect(parse(" anthropic/claude-sonnet-5 ")).toMatchObject({
      ok: true,
      value: {
        kind: "pinned",
        known: true,
        target: { provider: "anthropic", modelId: "claude-sonnet-5", sandbox: true },
      },
    });
  });

  test("[PR22] [PR23] an id may hold slashes, and an unknown one is passed on", () => {
    expect(parse("openai/ft:gpt-6/acme/7")).toMatchObject({
      ok: true,
      value: {
        kind: "pinned",
        known: false,
        target: { modelId: "ft:gpt-6/acme/7", contextTokens: null, sandbox: true },
      },
    });
  });

  test("[PR24] what cannot be asked for is explained", () => {
    const messageOf = (text: string): string => {
      const parsed = parse(text);
      return parsed.ok ? "" : parsed.error;
    };
    for (const bad of [
      "",
      "no-class",
      "mistral/large",
      "openai/",
      "two words",
      "openai/a\u0000b",
      "openai/\ud800",
      "x".repeat(300),
    ]) {
      expect(messageOf(bad)).toContain("fast, balanced, frontier, reasoning");
    }
    expect(messageOf("gpt-6-sol")).toContain("Did you mean openai/gpt-6-sol?");
    expect(messageOf("mistral/large")).toContain("configured: anthropic, openai, google, deepseek");
  });
});

describe("toProbeCall", () => {
  test("[PR27] a model that thinks gets room to think", () => {
    const quick = findCatalogTarget(FULL, "anthropic", "claude-haiku-4-5");
    const thinking = findCatalogTarget(FULL, "deepseek", "deepseek-v4-pro");
    if (quick === null || thinking === null) throw new Error("the catalog lost a model");
    expect(toProbeCall(quick)).toMatchObject({ modelId: "claude-haiku-4-5", maxOutputTokens: 16 });
    expect(toProbeCall(thinking).maxOutputTokens).toBeGreaterThan(100);
    expect(JSON.stringify(toProbeCall(quick).prompt)).toContain("Reply with OK");
  });
});
