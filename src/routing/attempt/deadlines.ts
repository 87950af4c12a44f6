/** How long one attempt may take in each of its phases, and a turn over all of them. Milliseconds. Rules RT25, RT74. */
import { z } from "zod";

export const Deadlines = z.strictObject({
  /**
   * From the call to good response headers. In a Worker, looking up the name, connecting, TLS, sending and waiting
   * for headers are one `fetch` that says nothing in between: they are one phase, `connect`, with one deadline.
   */
  headersMs: z.int().positive(),
  /** From the headers to the first token: a reasoning model may think for long. */
  firstTokenMs: z.int().positive(),
  /** Between two tokens. */
  gapMs: z.int().positive(),
  /** The whole attempt. */
  totalMs: z.int().positive(),
});
export type Deadlines = z.infer<typeof Deadlines>;

export const TurnDeadlines = Deadlines.extend({
  /** All attempts of a turn together, with the waits between them. */
  turnMs: z.int().positive(),
});
export type TurnDeadlines = z.infer<typeof TurnDeadlines>;

export const DEFAULT_DEADLINES: TurnDeadlines = {
  headersMs: 15_000,
  firstTokenMs: 60_000,
  gapMs: 30_000,
  totalMs: 600_000,
  // The platform keeps an object awake for 15 minutes of one operation; and nobody waits longer.
  turnMs: 900_000,
};

/** A probe asks for a word or two; whoever takes longer than this is not well. */
export const PROBE_DEADLINES: Deadlines = {
  headersMs: 5_000,
  firstTokenMs: 10_000,
  gapMs: 5_000,
  totalMs: 15_000,
};
