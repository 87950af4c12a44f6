/**
 * What a program asks of one answer of a chat beside its question: instructions, limits, a format, tools that it runs
 * itself. They are for that one turn. Rules SE90, SE91.
 */
import { z } from "zod";

const JsonSchema = z.record(z.string(), z.unknown());

/** Taken by an answer with these settings at the most, as JSON. */
export const MAX_CALL_SETTINGS_CHARACTERS = 262_144;

/** PERSISTED: a row of `call_settings`, and from the Worker to the chat's object. */
export const CallSettings = z.object({
  /** Told before everything else, as the system's word. */
  instructions: z.string().exactOptional(),
  maxOutputTokens: z.int().positive().exactOptional(),
  temperature: z.number().exactOptional(),
  topP: z.number().exactOptional(),
  reasoningEffort: z.enum(["none", "minimal", "low", "medium", "high"]).exactOptional(),
  /** Left out: words. */
  responseFormat: z
    .object({
      type: z.literal("json"),
      name: z.string().exactOptional(),
      description: z.string().exactOptional(),
      schema: JsonSchema.exactOptional(),
      strict: z.boolean().exactOptional(),
    })
    .exactOptional(),
  /** Run by whoever asked: a call of one of them ends the answer. The chat's own tools are not offered beside them. */
  tools: z
    .array(
      z.object({
        type: z.literal("function"),
        name: z.string(),
        description: z.string().exactOptional(),
        inputSchema: JsonSchema,
        strict: z.boolean().exactOptional(),
      }),
    )
    .min(1)
    .exactOptional(),
  toolChoice: z
    .discriminatedUnion("type", [
      z.object({ type: z.enum(["auto", "none", "required"]) }),
      z.object({ type: z.literal("tool"), toolName: z.string() }),
    ])
    .exactOptional(),
  /** The caller's own notes, given back with the answer and told to nobody. */
  metadata: z.record(z.string(), z.string()).exactOptional(),
});
export type CallSettings = z.infer<typeof CallSettings>;
