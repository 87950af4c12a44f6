/** WIRE: `GET /api/v1/analytics/providers` and `/intents`. Signed-in only; a member sees its own organization's rows. */
import { z } from "zod";
import { CircuitStatus } from "./circuit.ts";

/** An ISO date or time; one without a zone is UTC, as `isoformat()` of Python and the database write it. */
export const SinceText = z.iso.datetime({ offset: true, local: true }).or(z.iso.date());

export const AnalyticsQuery = z.object({
  /** 30 days back when it is left out. */
  since: SinceText.optional(),
  /** How many of the newest selections are counted, at most 5000. */
  limit: z.coerce.number().int().min(1).max(5000).default(5000),
});

export const ProviderAnalytics = z.object({
  since: z.iso.datetime(),
  /** Selections counted. */
  total: z.int().nonnegative(),
  /** True when there are more since then than were counted: the figures are those of the newest. */
  limited: z.boolean(),
  /** What all of them cost, those included that nobody answered. */
  costMicroUsd: z.int().nonnegative(),
  /** Selections of unknown price: they are not in `costMicroUsd`. */
  unpricedRequests: z.int().nonnegative(),
  providers: z.array(
    z.object({
      provider: z.string(),
      requests: z.int().nonnegative(),
      complete: z.int().nonnegative(),
      failed: z.int().nonnegative(),
      models: z.array(z.object({ model: z.string(), requests: z.int().nonnegative() })),
      /** Share of this provider's requests, 0 to 1, whose chat was served by it the turn before. */
      affinityRate: z.number().min(0).max(1),
      firstTokenP50Ms: z.number().nullable(),
      firstTokenP95Ms: z.number().nullable(),
      inputTokens: z.int().nonnegative(),
      outputTokens: z.int().nonnegative(),
      costMicroUsd: z.int().nonnegative(),
      /** Requests of unknown price: they are not in `costMicroUsd`. */
      unpricedRequests: z.int().nonnegative(),
      circuit: CircuitStatus.nullable(),
    }),
  ),
});
export type ProviderAnalytics = z.infer<typeof ProviderAnalytics>;

export const IntentAnalytics = z.object({
  since: z.iso.datetime(),
  total: z.int().nonnegative(),
  /** As in `ProviderAnalytics`. */
  limited: z.boolean(),
  intents: z.array(
    z.object({
      intent: z.string(),
      requests: z.int().nonnegative(),
      breakdown: z.array(
        z.object({ provider: z.string(), mode: z.string(), requests: z.int().nonnegative() }),
      ),
    }),
  ),
});
export type IntentAnalytics = z.infer<typeof IntentAnalytics>;
