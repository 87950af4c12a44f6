/**
 * What is said about an answer on every wire: its terminal state, its legs, its tokens and its cost. WIRE and
 * PERSISTED: stored with each message and each selection, shown as the receipt under an answer.
 */
import { z } from "zod";

/** Every stream on every API ends in exactly one of these (rule SE1). */
export const TerminalState = z.enum(["complete", "incomplete", "failed", "cancelled"]);
export type TerminalState = z.infer<typeof TerminalState>;

/** Why a model stopped, when it said so. */
export const FinishReason = z.enum(["stop", "length", "content-filter", "tool-calls", "other"]);
export type FinishReason = z.infer<typeof FinishReason>;

/** `default` is billed as the price lists have it, the others are not. */
export const ServiceTier = z.enum(["default", "flex", "priority"]);
export type ServiceTier = z.infer<typeof ServiceTier>;

/** Tokens as the provider counted them; null where it did not say. `cached…` and `reasoning…` are parts of their totals. */
export const TokenUsage = z.object({
  inputTokens: z.int().nonnegative().nullable(),
  cachedInputTokens: z.int().nonnegative().nullable(),
  cacheWriteTokens: z.int().nonnegative().nullable(),
  /** Those of them that are kept for an hour and not for minutes, at a price of their own; left out where none are. */
  cacheWriteHourTokens: z.int().nonnegative().exactOptional(),
  outputTokens: z.int().nonnegative().nullable(),
  reasoningTokens: z.int().nonnegative().nullable(),
  /** By which tier of its rates the provider says that it has served; left out where it does not say. */
  serviceTier: ServiceTier.exactOptional(),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

export const UNKNOWN_USAGE: TokenUsage = {
  inputTokens: null,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  outputTokens: null,
  reasoningTokens: null,
};

/** The part of an answer that one attempt gave. */
export const Leg = z.object({
  provider: z.string(),
  model: z.string(),
  usage: TokenUsage,
  /** Micro-dollars; null when the price of the model is unknown (never 0 for unknown). */
  costMicroUsd: z.int().nonnegative().nullable(),
  /** True when the provider did not come to count the tokens (it broke, or was stopped): they are our estimate. */
  estimated: z.boolean().default(false),
});
export type Leg = z.infer<typeof Leg>;

/** What broke an answer, for whoever has to say by a status what to do about it. */
const ReceiptFailure = z.object({
  /** A kind of `ProviderFailure` (src/providers/failure.ts); any text, for there will be others. */
  kind: z.string(),
  /** How long to wait, from the end of the answer on; null when nobody said. */
  retryAfterMs: z.number().nonnegative().nullable(),
});

/** The receipt under an answer: the `metadata` of an assistant's UI message. */
export const Receipt = z.object({
  status: z.union([TerminalState, z.literal("streaming")]),
  turnId: z.string(),
  selectionId: z.string(),
  /** What the caller asked for: a class, a pinned target, or several of them. */
  requested: z.array(z.string()),
  legs: z.array(Leg),
  /** Provider calls made, failed ones included. */
  attempts: z.int().nonnegative(),
  /** From the start of the turn to the first word; null when none came. */
  firstTokenMs: z.int().nonnegative().nullable(),
  durationMs: z.int().nonnegative().nullable(),
  /** The sum over the legs; null when one of them is unknown. */
  costMicroUsd: z.int().nonnegative().nullable(),
  /** True when the words came from the sandbox's stand-ins and not from a model. */
  sandbox: z.boolean(),
  /** Why the model stopped, of a complete answer. Left out while it is written, and in receipts from before. */
  finishReason: FinishReason.nullable().exactOptional(),
  /** Left out of an answer that no provider's failure has ended, and of receipts from before. */
  failure: ReceiptFailure.exactOptional(),
  /** A sentence for the reader when the status is not `complete`. */
  notice: z.string().nullable(),
  /** Why this target was chosen, and what was passed over, one sentence each, in order. */
  reasons: z.array(z.string()),
  createdAt: z.iso.datetime(),
});
export type Receipt = z.infer<typeof Receipt>;
