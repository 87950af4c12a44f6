/** WIRE and PERSISTED: what an answer's stream is made of, a subset of AI SDK's `UIMessageChunk`. */
import { z } from "zod";
import { Receipt } from "./answer.ts";

/** The chunks Breakwater emits: a subset of AI SDK's `UIMessageChunk`. */
export const AnswerChunk = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), messageId: z.string(), messageMetadata: Receipt }),
  z.object({ type: z.literal("start-step") }),
  z.object({ type: z.literal("finish-step") }),
  /** The step that runs begins again: what came since its `start-step` is taken back. */
  z.object({ type: z.literal("reset-step") }),
  z.object({ type: z.literal("text-start"), id: z.string() }),
  z.object({ type: z.literal("text-delta"), id: z.string(), delta: z.string() }),
  z.object({ type: z.literal("text-end"), id: z.string() }),
  z.object({ type: z.literal("reasoning-start"), id: z.string() }),
  z.object({ type: z.literal("reasoning-delta"), id: z.string(), delta: z.string() }),
  z.object({ type: z.literal("reasoning-end"), id: z.string() }),
  z.object({
    type: z.literal("tool-input-start"),
    toolCallId: z.string(),
    toolName: z.string(),
    dynamic: z.literal(true),
  }),
  z.object({ type: z.literal("tool-input-delta"), toolCallId: z.string(), inputTextDelta: z.string() }),
  z.object({
    type: z.literal("tool-input-available"),
    toolCallId: z.string(),
    toolName: z.string(),
    input: z.unknown(),
    dynamic: z.literal(true),
  }),
  /** A tool call that a person must allow first; the answer waits. */
  z.object({ type: z.literal("tool-approval-request"), approvalId: z.string(), toolCallId: z.string() }),
  z.object({ type: z.literal("tool-approval-response"), approvalId: z.string(), approved: z.boolean() }),
  z.object({
    type: z.literal("tool-output-available"),
    toolCallId: z.string(),
    output: z.unknown(),
    dynamic: z.literal(true),
  }),
  z.object({
    type: z.literal("tool-output-error"),
    toolCallId: z.string(),
    errorText: z.string(),
    dynamic: z.literal(true),
  }),
  z.object({ type: z.literal("tool-output-denied"), toolCallId: z.string() }),
  /** The receipt as it stands at the end, sent before the terminal chunk of an answer that is not `complete`. */
  z.object({ type: z.literal("message-metadata"), messageMetadata: Receipt }),
  /** Terminal for `complete`. */
  z.object({
    type: z.literal("finish"),
    finishReason: z.enum(["stop", "length", "content-filter", "tool-calls", "other"]),
    messageMetadata: Receipt,
  }),
  /** Terminal for `incomplete` and `failed`: the sentence a reader sees. */
  z.object({ type: z.literal("error"), errorText: z.string() }),
  /** Terminal for `cancelled`. */
  z.object({ type: z.literal("abort"), reason: z.string().optional() }),
]);
export type AnswerChunk = z.infer<typeof AnswerChunk>;
