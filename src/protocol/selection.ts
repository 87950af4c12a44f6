/**
 * WIRE and PERSISTED: the record of one routing decision, from the question to the end of the answer: what was
 * asked, which candidates there were and why in that order, what was tried, how it went. It travels through the
 * outbox and the queue into D1 and comes back over `GET /api/v1/selections`. Rules RT30 to RT37.
 */
import { z } from "zod";
import { SinceText } from "./analytics.ts";
import { TerminalState, TokenUsage } from "./answer.ts";
import { Usual } from "./circuit.ts";

export const Intent = z.enum([
  "code",
  "analysis",
  "writing",
  "question",
  "translation",
  "chat",
  "math",
  "summary",
  "extraction",
]);
export type Intent = z.infer<typeof Intent>;

/** As the caller asked: for whatever is best, for a class, for one target, or for a list of its own. */
export const SelectionMode = z.enum(["auto", "class", "pinned", "list"]);
export type SelectionMode = z.infer<typeof SelectionMode>;

/** How the candidates of a class are put in order (docs/spec/routing.md, "Ranking"). */
export const RoutingPolicy = z.enum(["priority", "cost", "latency", "balanced"]);
export type RoutingPolicy = z.infer<typeof RoutingPolicy>;

/** What a request asks of a model besides words. Tokens are estimates. */
export const RequestNeeds = z.object({
  vision: z.boolean(),
  tools: z.boolean(),
  inputTokens: z.int().nonnegative(),
  /** The longest answer the caller allows; null when it set no limit. */
  outputTokens: z.int().positive().nullable(),
  /** The wire that the request was written for and cannot leave; left out when every provider can be asked. */
  wire: z.string().optional(),
});
export type RequestNeeds = z.infer<typeof RequestNeeds>;

/** A need that a model is known not to meet. */
export const MissingNeed = z.enum(["vision", "tools", "context", "output", "wire"]);
export type MissingNeed = z.infer<typeof MissingNeed>;

/** Everything the order of the candidates was decided by, one record for each of them. */
export const CandidateFacts = z.object({
  /** Which entry of what was asked for it comes from, from 1; more than 1 only for a list. */
  entry: z.int().positive(),
  /** Place in the caller's or the class's own order, from 1, all entries counted through. */
  requestedPlace: z.int().positive(),
  /** True when its provider has a key or an address here. */
  configured: z.boolean(),
  /** Why its circuit lets no call through, and for how long as far as that is known; null when it does. */
  blocked: z.object({ reason: z.string(), retryAfterMs: z.number().nonnegative().nullable() }).nullable(),
  suspect: z.boolean(),
  /** Its provider takes only chats that are with it already. */
  draining: z.boolean(),
  usual: Usual,
  /** An estimate for a request of this size; null when the price is unknown. */
  priceMicroUsd: z.int().nonnegative().nullable(),
  missingNeeds: z.array(MissingNeed),
  /** Its provider served this chat's turn before: the prompt is cached there. */
  isLast: z.boolean(),
  /** Its weight within the class; null in a class without weights. */
  weight: z.number().nonnegative().nullable(),
  /** From 0 up to 1, made from the selection's id and the target's name: chance that can be had again. */
  draw: z.number().min(0).lt(1),
});
export type CandidateFacts = z.infer<typeof CandidateFacts>;

/** By what the candidates' facts were turned into an order. */
export const RankingDecision = z.object({
  policy: RoutingPolicy,
  /** The version of the policies' code: another one may order the same facts otherwise. */
  version: z.int().positive(),
  /** The numbers the policy went by; their names belong to the version. */
  parameters: z.record(z.string(), z.number()),
  needs: RequestNeeds,
});
export type RankingDecision = z.infer<typeof RankingDecision>;

export const SelectionCandidate = z.object({
  provider: z.string(),
  model: z.string(),
  /** Place in the order, from 1; null for a candidate that was left out. */
  place: z.int().positive().nullable(),
  /** One sentence a person can read. */
  reason: z.string(),
  /** The circuit as it was seen when the decision was made. */
  circuit: z.enum(["CLOSED", "OPEN", "HALF_OPEN"]),
  /** Null on records from before facts were kept. */
  facts: CandidateFacts.nullable().default(null),
});
export type SelectionCandidate = z.infer<typeof SelectionCandidate>;

export const SelectionAttempt = z.object({
  provider: z.string(),
  model: z.string(),
  /** From the start of the turn, milliseconds. */
  startedAtMs: z.int().nonnegative(),
  durationMs: z.int().nonnegative(),
  /** From the start of the attempt; null when no token came. */
  firstTokenMs: z.int().nonnegative().nullable(),
  outcome: z.enum(["success", "failure", "cancelled"]),
  /** The failure's kind and message; null on success. */
  error: z.string().nullable(),
  /** True for a call that was started beside a slow one, to see which of them speaks first. */
  hedge: z.boolean().default(false),
  usage: TokenUsage,
  costMicroUsd: z.int().nonnegative().nullable(),
});
export type SelectionAttempt = z.infer<typeof SelectionAttempt>;

export const SelectionRecord = z.object({
  id: z.string(),
  requestId: z.string(),
  organizationId: z.string(),
  userId: z.string(),
  /** Null for a call over HTTP that has no chat. */
  sessionId: z.string().nullable(),
  turnId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  requested: z.array(z.string()),
  mode: SelectionMode,
  intent: Intent,
  candidates: z.array(SelectionCandidate),
  /** Null when nothing was ranked (a turn that a crash ended), and on records from before policies. */
  decision: RankingDecision.nullable().default(null),
  attempts: z.array(SelectionAttempt),
  status: TerminalState,
  /** Who gave the answer's last leg; null when nobody answered. */
  provider: z.string().nullable(),
  model: z.string().nullable(),
  /** True when the provider is the one that served this chat's turn before. */
  affinity: z.boolean(),
  firstTokenMs: z.int().nonnegative().nullable(),
  durationMs: z.int().nonnegative(),
  usage: TokenUsage,
  costMicroUsd: z.int().nonnegative().nullable(),
  sandbox: z.boolean(),
});
export type SelectionRecord = z.infer<typeof SelectionRecord>;

/** `GET /api/v1/selections?limit=&cursor=&provider=&status=&requestId=&since=`: newest first; a member sees its own organization's. */
export const SelectionListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
  provider: z.string().max(100).optional(),
  status: TerminalState.optional(),
  requestId: z.string().max(200).optional(),
  since: SinceText.optional(),
});
export const SelectionList = z.object({
  selections: z.array(SelectionRecord),
  nextCursor: z.string().nullable(),
});
export type SelectionList = z.infer<typeof SelectionList>;
