/**
 * WIRE: the request of OpenAI's embeddings as Breakwater takes it (source: OpenAI's API reference). What is unknown, or
 * means nothing at another provider, is refused by name. Rules HT120, HT121.
 */
import { z } from "zod";

/** As many as OpenAI takes. */
const MAX_INPUTS = 2_048;
/** More than any model has. */
const MAX_DIMENSIONS = 16_384;

const INPUT_COMPLAINT = `send a text, or 1 to ${MAX_INPUTS} texts; tokens are each model's own`;

const Text = z.string({ error: INPUT_COMPLAINT }).min(1, { error: "an empty text has no embedding" });
const Texts = z.array(Text).min(1, { error: INPUT_COMPLAINT }).max(MAX_INPUTS, { error: INPUT_COMPLAINT });

export const EmbeddingsRequest = z.strictObject({
  /** A pinned target: vectors of different models cannot be compared, so there is no class to choose from. */
  model: z.string().min(1).max(200).optional(),
  /** Breakwater's own: targets in the order to try them. */
  models: z.array(z.string().min(1).max(200)).min(1).max(10).optional(),
  input: z.union([Text, Texts], { error: INPUT_COMPLAINT }),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().positive().max(MAX_DIMENSIONS).nullish(),
  /** Taken and not passed on: it names the caller's own user, and providers need not know. */
  user: z.string().max(500).optional(),
});
export type EmbeddingsRequest = z.infer<typeof EmbeddingsRequest>;
