/** WIRE: the sandbox's control, for admins: who has a stand-in, and how each can be broken. */
import { z } from "zod";

export const SandboxState = z.object({
  providers: z.array(
    z.object({ provider: z.string(), fault: z.string().nullable(), requests: z.int().nonnegative() }),
  ),
  /** The names that a stand-in's fault may have; the first means that nothing is broken. */
  faults: z.array(z.string()),
});
export type SandboxState = z.infer<typeof SandboxState>;
