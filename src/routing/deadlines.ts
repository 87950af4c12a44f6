/** How long one attempt may take in each of its phases. Milliseconds. Rule RT25. */
import { z } from "zod";

export const Deadlines = z.strictObject({
  /** From the call to good response headers. */
  headersMs: z.int().positive(),
  /** From the headers to the first token: a reasoning model may think for long. */
  firstTokenMs: z.int().positive(),
  /** Between two tokens. */
  gapMs: z.int().positive(),
  /** The whole attempt. */
  totalMs: z.int().positive(),
});
export type Deadlines = z.infer<typeof Deadlines>;

export const DEFAULT_DEADLINES: Deadlines = {
  headersMs: 15_000,
  firstTokenMs: 60_000,
  gapMs: 30_000,
  totalMs: 600_000,
};

/** A probe asks for a word or two; whoever takes longer than this is not well. */
export const PROBE_DEADLINES: Deadlines = {
  headersMs: 5_000,
  firstTokenMs: 10_000,
  gapMs: 5_000,
  totalMs: 15_000,
};
