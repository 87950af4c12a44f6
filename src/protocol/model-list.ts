/** WIRE: what can be asked for: `GET /v1/models` (OpenAI's shape with additions) and `GET /api/v1/models` (the picker). */
import { z } from "zod";
import { CircuitStatus } from "./circuit.ts";

export const ModelClassName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

/** `GET /api/v1/models`: for a signed-in person. Prices are micro-dollars for a million tokens; null when unknown. */
export const ModelCatalog = z.object({
  /** True when at least one provider is a stand-in. */
  sandbox: z.boolean(),
  classes: z.array(z.object({ name: z.string(), description: z.string(), targets: z.array(z.string()) })),
  targets: z.array(
    z.object({
      /** `provider/model-id`: what goes into `model`. */
      target: z.string(),
      provider: z.string(),
      model: z.string(),
      displayName: z.string(),
      contextTokens: z.int().positive().nullable(),
      inputMicroUsdPerMillion: z.int().nonnegative().nullable(),
      outputMicroUsdPerMillion: z.int().nonnegative().nullable(),
      vision: z.boolean(),
      tools: z.boolean(),
      reasoning: z.boolean(),
      sandbox: z.boolean(),
      circuit: CircuitStatus,
    }),
  ),
});
export type ModelCatalog = z.infer<typeof ModelCatalog>;
