/**
 * WIRE and PERSISTED: the record of one routing decision, from the question to the end of the answer: what was
 * asked, which candidates there were and why in that order, what was tried, how it went. It travels through the
 * outbox and the queue into D1 and comes back over `GET /api/v1/selections`. Rules RT30 to RT39.
 */
import { z } from "zod";
import { TerminalState, TokenUsage } from "./answer.ts";

export const Intent = z.enum(["code", "analysis", "writing", "question", "translation", "chat"]);
export type Intent = z.infer<typeof Intent>;

/** As the caller asked: for whatever is best, for a class, for one target, or for a list of its own. */
export const SelectionMode = z.enum(["auto", "class", "pinned", "list"]);
export type SelectionMode = z.infer<typeof SelectionMode>;

export const SelectionCandidate = z.object({
  provider: z.string(),
  model: z.string(),
  /** Place in the order, from 1; null for a candidate that was left out. */
  place: z.int().positive().nullable(),
  /** One sentence a person can read. */
  reason: z.string(),
  /** The circuit as it was seen when the decision was made. */
  circuit: z.enum(["CLOSED", "OPEN", "HALF_OPEN"]),
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

/** `GET /api/v1/selections?limit=&cursor=&provider=&status=&since=`: newest first; a member sees its own organization's. */
export const SelectionListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
  provider: z.string().max(100).optional(),
  status: TerminalState.optional(),
  since: z.iso.datetime({ offset: true }).or(z.iso.date()).optional(),
});
export const SelectionList = z.object({
  selections: z.array(SelectionRecord),
  nextCursor: z.string().nullable(),
});
export type SelectionList = z.infer<typeof SelectionList>;
