/** Answers whose shape nothing else needs: health and the sandbox's control. Tests hold the routes to them (HT166). */
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

export const SandboxState = z.object({
  providers: z.array(
    z.object({ provider: z.string(), fault: z.string().nullable(), requests: z.int().nonnegative() }),
  ),
  faults: z.array(z.string()),
});
