/** The answer whose shape nothing else needs: health. Tests hold the routes to it (HT166). */
import { z } from "zod";

export const Health = z.object({
  status: z.enum(["healthy", "unhealthy"]),
  ok: z.boolean(),
  version: z.string(),
  environment: z.string(),
  timestamp: z.iso.datetime(),
  checks: z.record(
    z.string(),
    z.object({ status: z.enum(["ok", "failed"]), latency_ms: z.number().nonnegative() }),
  ),
});
