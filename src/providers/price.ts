/**
 * What tokens cost, exactly, in whole micro-dollars. Rates come from `@pydantic/genai-prices` (bundled data, it
 * makes no network call) and from the table of overrides below; the arithmetic is ours, in integers, rounded once.
 * An unknown price is null, never 0. Rules PR30 to PR35, PR145.
 */
import type { TieredPrices } from "@pydantic/genai-prices";
import type { TokenUsage } from "../protocol/answer.ts";

/** Dollars for a million tokens, which is the same number as micro-dollars for one token. */
export interface TokenRates {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** Left out: cached input costs what input costs. */
  readonly cachedInputUsdPerMillion?: number;
  /** Left out: writing the cache costs what input costs. */
  readonly cacheWriteUsdPerMillion?: number;
  /** Left out: what writing the cache for an hour costs is unknown. */
  readonly cacheWriteHourUsdPerMillion?: number;
}

export interface PriceQuestion {
  readonly provider: string;
  readonly modelId: string;
  readonly usage: TokenUsage;
  /** When the call was made, epoch milliseconds: prices change by date and, at some providers, by hour. */
  readonly atMs: number;
}

/** For a listing: the rates of a short prompt, micro-dollars for a million tokens. */
export interface ListPrice {
  readonly inputMicroUsdPerMillion: number;
  readonly outputMicroUsdPerMillion: number;
}

export interface PriceBook {
  /** Micro-dollars of one call; null when the model's price, its tier's or the token counts are unknown. */
  priceUsage(question: PriceQuestion): number | null;
  /** Null when unknown. */
  listPrice(provider: string, modelId: string, atMs: number): ListPrice | null;
}

/**
 * Our own word on prices, ahead of the library's: `provider/model-id` or `provider/*` → rates. Add a line with its
 * source when a provider changes a price before the library does.
 */
export const PRICE_OVERRIDES: ReadonlyMap<string, TokenRates> = new Map([
  // Runs on the operator's own machine: nobody sends a bill, so the price is known, and it is nothing.
  ["ollama/*", { inputUsdPerMillion: 0, outputUsdPerMillion: 0 }],
]);

/** Our provider's name → the library's, for those that it knows. Anything else has no price there. */
const LIBRARY_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["anthropic", "anthropic"],
  ["openai", "openai"],
  ["google", "google"],
  ["deepseek", "deepseek"],
  ["workers-ai", "cloudflare"],
]);

/** Rates are held as integers of 1e-9 dollars a million tokens: the finest published price has six decimals. */
const RATE_SCALE = 1_000_000_000;

interface LibraryPrice {
  readonly provider: { readonly id: string };
  readonly model: { readonly id: string };
  readonly model_price: Record<string, number | TieredPrices | undefined>;
}

/** The part of the library that is used. */
export interface PriceLibrary {
  calcPrice(
    usage: Record<string, number | undefined>,
    modelId: string,
    options: { providerId: string; timestamp: Date },
  ): LibraryPrice | null;
}

/**
 * The library matches by prefix as well, which would give a model that nobody has heard of its namesake's price. A
 * dated or `-latest` name of a listed model is that model; any other is unknown.
 */
function isSameModel(asked: string, listed: string): boolean {
  return (
    asked === listed ||
    (asked.startsWith(listed) && /^-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/.test(asked.slice(listed.length)))
  );
}

/** A rate for this many input tokens: long prompts cost more at some providers, for the whole prompt. */
function pickRate(price: number | TieredPrices | undefined, inputTokens: number): number | null {
  if (price === undefined || typeof price === "number") return price ?? null;
  let rate = price.base;
  for (const tier of price.tiers) if (inputTokens > tier.start) rate = tier.price;
  return rate;
}

function findRates(
  library: PriceLibrary,
  question: Omit<PriceQuestion, "usage">,
  { inputTokens, outputTokens }: Pick<TokenUsage, "outputTokens"> & { readonly inputTokens: number },
): TokenRates | null {
  const { provider, modelId, atMs } = question;
  const override = PRICE_OVERRIDES.get(`${provider}/${modelId}`) ?? PRICE_OVERRIDES.get(`${provider}/*`);
  if (override !== undefined) return override;
  const providerId = LIBRARY_PROVIDERS.get(provider);
  if (providerId === undefined) return null;
  const found = library.calcPrice({}, modelId, { providerId, timestamp: new Date(atMs) });
  if (found === null || found.provider.id !== providerId || !isSameModel(modelId, found.model.id))
    return null;
  const input = pickRate(found.model_price["input_mtok"], inputTokens);
  // A model of embeddings has no price for words: nobody pays for none.
  const output = pickRate(found.model_price["output_mtok"], inputTokens) ?? (outputTokens === 0 ? 0 : null);
  // An entry without both rates is "free" or unfinished data; neither is a price to bill by.
  if (input === null || output === null) return null;
  const cached = pickRate(found.model_price["cache_read_mtok"], inputTokens);
  const write = pickRate(found.model_price["cache_write_mtok"], inputTokens);
  const writeHour = pickRate(found.model_price["cache_write_1h_mtok"], inputTokens);
  return {
    inputUsdPerMillion: input,
    outputUsdPerMillion: output,
    ...(cached === null ? {} : { cachedInputUsdPerMillion: cached }),
    ...(write === null ? {} : { cacheWriteUsdPerMillion: write }),
    ...(writeHour === null ? {} : { cacheWriteHourUsdPerMillion: writeHour }),
  };
}

function toScaledRate(usdPerMillion: number): bigint {
  return BigInt(Math.round(usdPerMillion * RATE_SCALE));
}

/**
 * The cost of known tokens at known rates, micro-dollars, rounded half up once at the end. Cached and
 * cache-writing tokens are parts of the input; reasoning tokens are part of the output and cost the same.
 */
export function applyRates(rates: TokenRates, usage: TokenUsage): number | null {
  if (usage.inputTokens === null || usage.outputTokens === null) return null;
  const cached = Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens - cached);
  const plain = usage.inputTokens - cached - written;
  const hour = Math.min(usage.cacheWriteHourTokens ?? 0, written);
  const hourRate = hour === 0 ? 0 : (rates.cacheWriteHourUsdPerMillion ?? null);
  if (hourRate === null) return null;
  const scaled =
    BigInt(plain) * toScaledRate(rates.inputUsdPerMillion) +
    BigInt(cached) * toScaledRate(rates.cachedInputUsdPerMillion ?? rates.inputUsdPerMillion) +
    BigInt(written - hour) * toScaledRate(rates.cacheWriteUsdPerMillion ?? rates.inputUsdPerMillion) +
    BigInt(hour) * toScaledRate(hourRate) +
    BigInt(usage.outputTokens) * toScaledRate(rates.outputUsdPerMillion);
  return Number((scaled + BigInt(RATE_SCALE / 2)) / BigInt(RATE_SCALE));
}

/** As finely as any provider changes a price by the clock. */
const MINUTE_MS = 60_000;
/** More names than the catalog has; a caller who makes names up only makes the memory begin anew. */
const MAX_REMEMBERED = 500;

/**
 * The library matches a name against its whole list, which takes about 30 µs; every request asks for the prices of
 * all its candidates. What it said is remembered within the minute.
 */
function rememberPrices(library: PriceLibrary): PriceLibrary {
  const remembered = new Map<string, LibraryPrice | null>();
  let minute = Number.NaN;
  return {
    calcPrice(usage, modelId, options) {
      const asked = Math.floor(options.timestamp.getTime() / MINUTE_MS);
      if (asked !== minute || remembered.size >= MAX_REMEMBERED) remembered.clear();
      minute = asked;
      const key = `${options.providerId}/${modelId}`;
      let price = remembered.get(key);
      if (price === undefined) {
        price = library.calcPrice(usage, modelId, options);
        remembered.set(key, price);
      }
      return price;
    },
  };
}

/** A price book over a given library. */
export function createPriceBook(given: PriceLibrary): PriceBook {
  const library = rememberPrices(given);
  return {
    priceUsage(question) {
      const { inputTokens, serviceTier = "default" } = question.usage;
      if (inputTokens === null || serviceTier !== "default") return null;
      const rates = findRates(library, question, { ...question.usage, inputTokens });
      return rates === null ? null : applyRates(rates, question.usage);
    },
    listPrice(provider, modelId, atMs) {
      const rates = findRates(library, { provider, modelId, atMs }, { inputTokens: 0, outputTokens: null });
      if (rates === null) return null;
      const MICRO = 1_000_000;
      return {
        inputMicroUsdPerMillion: Math.round(rates.inputUsdPerMillion * MICRO),
        outputMicroUsdPerMillion: Math.round(rates.outputUsdPerMillion * MICRO),
      };
    },
  };
}

/**
 * Loads the library on first use: its table is 89 KiB compressed and costs about 25 ms of CPU to evaluate, which
 * no first request should pay. Keep the book; answers after that are synchronous.
 */
export async function loadPriceBook(): Promise<PriceBook> {
  const { calcPrice } = await import("@pydantic/genai-prices");
  return createPriceBook({ calcPrice });
}
