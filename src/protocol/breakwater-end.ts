/**
 * WIRE: what Breakwater adds to the last object of every answer on other people's wires, under `breakwater`: how it
 * ended, who gave which part, what it cost.
 */
import { z } from "zod";
import { Leg, TerminalState } from "./answer.ts";
import { Intent, RankingDecision, SelectionCandidate, SelectionMode } from "./selection.ts";

/** With `x-breakwater-trace: 1`: who could have answered, in which order, and why. */
export const AnswerTrace = z.object({
  intent: Intent,
  mode: SelectionMode,
  decision: RankingDecision.nullable(),
  candidates: z.array(SelectionCandidate),
});
export type AnswerTrace = z.infer<typeof AnswerTrace>;

/** Of a call that asked for the cache (`x-breakwater-cache`): told again, or asked for and maybe kept. */
export const AnswerCacheFacts = z.discriminatedUnion("hit", [
  z.object({
    hit: z.literal(true),
    ageSeconds: z.int().nonnegative(),
    /** What the answer cost when it was given first; null when a price is unknown. */
    savedMicroUsd: z.int().nonnegative().nullable(),
  }),
  z.object({ hit: z.literal(false), stored: z.boolean() }),
]);
export type AnswerCacheFacts = z.infer<typeof AnswerCacheFacts>;

export const BreakwaterEnd = z.object({
  status: TerminalState,
  legs: z.array(Leg).readonly(),
  /** Calls of providers. */
  attempts: z.int().nonnegative(),
  /** Micro-dollars; null when a price is unknown. */
  costMicroUsd: z.int().nonnegative().nullable(),
  /** Of the decision that the answer came from: for one out of the cache, of when it was given first. */
  selectionId: z.string(),
  trace: AnswerTrace.optional(),
  cache: AnswerCacheFacts.optional(),
});
export type BreakwaterEnd = z.infer<typeof BreakwaterEnd>;
