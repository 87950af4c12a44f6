/** What a finished call tells the circuit of its provider. Crosses RPC, so it is plain data. */
import { z } from "zod";

export const CallOutcome = z.object({
  /** `late`: cancelled after its first token had kept it waiting for longer than usual, since another target spoke first. */
  verdict: z.enum(["success", "failure", "fatal", "rate-limited", "neutral", "late"]),
  requestId: z.string(),
  model: z.string(),
  atMs: z.number(),
  /** When the first token of a good call came, epoch milliseconds; left out where nobody noted it. */
  firstTokenAtMs: z.number().optional(),
  /** To the first token of a good call, to the failure of a bad one. */
  latencyMs: z.number().nonnegative(),
  /** The answer came in one piece: how long it took says nothing of its first token. */
  isWhole: z.boolean().optional(),
  /**
   * How far the fault reaches as far as the call can tell: a refused connection or key is the whole provider's, a
   * broken answer is first of all the model's. Probes find out more.
   */
  scope: z.enum(["provider", "model"]),
  /** Output tokens a second after the first one; null when it is not known. */
  tokensPerSecond: z.number().nonnegative().nullable(),
  retryAfterMs: z.number().nullable(),
  /** Empty when it went well. */
  message: z.string(),
});
export type CallOutcome = z.infer<typeof CallOutcome>;

/** An RPC takes no more than this in one call; isolates flush earlier. */
export const MAX_OUTCOMES_PER_REPORT = 200;
