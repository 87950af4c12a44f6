import { calcPrice } from "@pydantic/genai-prices";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { applyRates, createPriceBook, loadPriceBook } from "../../../src/providers/price.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type { TokenUsage } from "../../../src/protocol/answer.ts";

const book = createPriceBook({ calcPrice });
/** Noon in UTC: outside of DeepSeek's peak hours. */
const NOON_MS = Date.parse("2026-11-20T12:00:00Z");

function usage(counts: Partial<TokenUsage>): TokenUsage {
  return { ...UNKNOWN_USAGE, ...counts };
}

function price(
  provider: string,
  modelId: string,
  counts: Partial<TokenUsage>,
  atMs = NOON_MS,
): number | null {
  return book.priceUsage({ provider, modelId, usage: usage(counts), atMs });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("priceUsage", () => {
  test("[PR30] dollars a million tokens are micro-dollars a token", () => {
    expect(price("anthropic", "claude-sonnet-5", { inputTokens: 1_000, outputTokens: 500 })).toBe(
      1_000 * 2 + 500 * 10,
    );
    expect(price("openai", "gpt-6-sol", { inputTokens: 0, outputTokens: 0 })).toBe(0);
  });

  test("[PR104] embeddings are paid by their input alone, and no answer is free that way", () => {
    expect(price("openai", "text-embedding-3-small", { inputTokens: 1_000, outputTokens: 0 })).toBe(20);
    expect(price("openai", "text-embedding-3-small", { inputTokens: 1_000, outputTokens: 1 })).toBeNull();
    expect(price("openai", "text-embedding-3-small", { inputTokens: 1_000 })).toBeNull();
    expect(book.listPrice("openai", "text-embedding-3-small", NOON_MS)).toBeNull();
  });

  test("[PR30] rounding is half up, once, at the end", () => {
    const rates = { inputUsdPerMillion: 0.25, outputUsdPerMillion: 0.25 };
    expect(applyRates(rates, usage({ inputTokens: 1, outputTokens: 0 }))).toBe(0);
    expect(applyRates(rates, usage({ inputTokens: 1, outputTokens: 1 }))).toBe(1);
    expect(applyRates(rates, usage({ inputTokens: 3, outputTokens: 2 }))).toBe(1);
    expect(applyRates(rates, usage({ inputTokens: 3, outputTokens: 3 }))).toBe(2);
  });

  test("[PR30] it agrees with the library's own arithmetic to the micro-dollar", () => {
    const models = [
      ["anthropic", "claude-opus-5-5"],
      ["openai", "gpt-6-astra"],
      ["google", "gemini-3.1-pro-preview"],
      ["deepseek", "deepseek-v4-flash"],
    ] as const;
    const count = fc.integer({ min: 0, max: 900_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        count,
        count,
        fc.integer({ min: 0, max: 100 }),
        ([provider, modelId], input, output, share) => {
          const cached = Math.floor((input * share) / 100);
          const ours = price(provider, modelId, {
            inputTokens: input,
            outputTokens: output,
            cachedInputTokens: cached,
          });
          const theirs = calcPrice(
            { input_tokens: input, output_tokens: output, cache_read_tokens: cached },
            modelId,
            { providerId: provider, timestamp: new Date(NOON_MS) },
          );
          expect(
            Math.abs((ours ?? Number.NaN) - (theirs?.total_price ?? Number.NaN) * 1e6),
          ).toBeLessThanOrEqual(0.5001);
        },
      ),
      { seed: 20_261_120, numRuns: 300 },
    );
  });

  test("[PR31] cached, cache-writing and plain input have their own rates, reasoning is output", () => {
    expect(
      price("anthropic", "claude-sonnet-5", {
        inputTokens: 1_000,
        cachedInputTokens: 600,
        cacheWriteTokens: 100,
        outputTokens: 100,
        reasoningTokens: 80,
      }),
    ).toBe(300 * 2 + 600 * 0.2 + 100 * 2.5 + 100 * 10);
  });

  test("[HT241] what is written into the cache for an hour has a rate of its own, or no known price", () => {
    const counts = { inputTokens: 1_000, cacheWriteTokens: 900, outputTokens: 0 };
    expect(price("anthropic", "claude-sonnet-5", { ...counts, cacheWriteHourTokens: 700 })).toBe(
      100 * 2 + 200 * 2.5 + 700 * 4,
    );
    expect(price("anthropic", "claude-sonnet-5", { ...counts, cacheWriteHourTokens: 9_000 })).toBe(
      100 * 2 + 900 * 4,
    );
    const rates = { inputUsdPerMillion: 1, outputUsdPerMillion: 1, cacheWriteUsdPerMillion: 1 };
    expect(applyRates(rates, usage({ ...counts, cacheWriteHourTokens: 1 }))).toBeNull();
    expect(applyRates(rates, usage({ ...counts, cacheWriteHourTokens: 0 }))).toBe(1_000);
  });

  test("[PR145] a tier of other rates than the list's has no known price", () => {
    const counts = { inputTokens: 1_000, outputTokens: 100 };
    for (const serviceTier of ["flex", "priority"] as const) {
      expect(price("anthropic", "claude-sonnet-5", { ...counts, serviceTier })).toBeNull();
    }
    expect(price("anthropic", "claude-sonnet-5", { ...counts, serviceTier: "default" })).toBe(3_000);
  });

  test("[PR31] counts that contradict each other never make a negative part", () => {
    expect(
      price("anthropic", "claude-sonnet-5", {
        inputTokens: 10,
        cachedInputTokens: 50,
        cacheWriteTokens: 50,
        outputTokens: 0,
      }),
    ).toBe(2);
  });

  test("[PR32] unknown is null, not zero", () => {
    const known = { inputTokens: 1_000, outputTokens: 500 };
    expect(price("openai", "ft:unheard-of", known)).toBeNull();
    expect(price("compatible", "gpt-6-sol", known)).toBeNull();
    expect(price("constructor", "gpt-6-sol", known)).toBeNull();
    expect(price("openai", "gpt-6-sol", { inputTokens: 1_000 })).toBeNull();
    expect(price("openai", "gpt-6-sol", { outputTokens: 1_000 })).toBeNull();
    // The library would match these by their beginning.
    expect(price("anthropic", "claude-sonnet-5-imaginary", known)).toBeNull();
    expect(price("google", "gemini-3.8-flash-9000", known)).toBeNull();
    expect(price("anthropic", "claude-sonnet-5-20260815", known)).toBe(7_000);
    // The library lists it without rates.
    expect(price("google", "gemma-3", known)).toBeNull();
  });

  test("[PR33] Ollama costs nothing, and that is known", () => {
    expect(price("ollama", "llama3.2", { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(0);
    expect(price("ollama", "llama3.2", {})).toBeNull();
  });

  test("[PR34] a long prompt is priced at its tier, as a whole", () => {
    expect(price("openai", "gpt-6-sol", { inputTokens: 272_000, outputTokens: 10 })).toBe(
      272_000 * 2 + 10 * 10,
    );
    expect(price("openai", "gpt-6-sol", { inputTokens: 272_001, outputTokens: 10 })).toBe(
      272_001 * 4 + 10 * 15,
    );
  });

  test("[PR34] a rate that changes by hour or by date is that of the call", () => {
    const counts = { inputTokens: 1_000_000, outputTokens: 0 };
    expect(price("deepseek", "deepseek-v4-pro", counts)).toBe(660_000);
    expect(price("deepseek", "deepseek-v4-pro", counts, Date.parse("2026-11-20T02:00:00Z"))).toBe(1_320_000);
    expect(price("google", "gemini-3.8-flash", counts)).toBe(750_000);
    expect(price("google", "gemini-3.8-flash", counts, Date.parse("2027-02-01T12:00:00Z"))).toBe(1_500_000);
  });

  test("[PR34] what was looked up is remembered within the minute, and no longer", () => {
    const asked: string[] = [];
    const counting = createPriceBook({
      calcPrice: (counts, modelId, options) => {
        asked.push(`${modelId}@${options.timestamp.toISOString()}`);
        return calcPrice(counts, modelId, options);
      },
    });
    const ask = (modelId: string, atMs: number): number | null =>
      counting.priceUsage({
        provider: "deepseek",
        modelId,
        usage: usage({ inputTokens: 1_000_000, outputTokens: 0 }),
        atMs,
      });
    expect([0, 1, 59_999].map((ms) => ask("deepseek-v4-pro", NOON_MS + ms))).toEqual([
      660_000, 660_000, 660_000,
    ]);
    expect(ask("unheard-of", NOON_MS)).toBeNull();
    expect(ask("unheard-of", NOON_MS)).toBeNull();
    expect(asked).toHaveLength(2);
    // Another hour, another price; and back again.
    expect(ask("deepseek-v4-pro", Date.parse("2026-11-20T02:00:00Z"))).toBe(1_320_000);
    expect(ask("deepseek-v4-pro", NOON_MS)).toBe(660_000);
    expect(asked).toHaveLength(4);
  });

  test("[PR35] a listing gives rates per million, and nothing is fetched for it", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const loaded = await loadPriceBook();
    expect(loaded.listPrice("openai", "gpt-6-luna", NOON_MS)).toEqual({
      inputMicroUsdPerMillion: 100_000,
      outputMicroUsdPerMillion: 500_000,
    });
    expect(loaded.listPrice("ollama", "anything", NOON_MS)).toEqual({
      inputMicroUsdPerMillion: 0,
      outputMicroUsdPerMillion: 0,
    });
    expect(loaded.listPrice("openai", "unheard-of", NOON_MS)).toBeNull();
    expect(fetched).not.toHaveBeenCalled();
  });
});
