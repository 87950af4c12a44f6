/**
 * What Anthropic's wire answers here, for the document; tests hold the writer to it (rule HT166). Where Anthropic itself
 * answers, its objects have whatever it puts into them: those are open.
 */
import { z } from "zod";
import { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";

export const AnthropicRefusal = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "permission_error",
      "not_found_error",
      "request_too_large",
      "rate_limit_error",
      "api_error",
      "overloaded_error",
      "timeout_error",
    ]),
    message: z.string(),
  }),
  request_id: z.string(),
  breakwater: BreakwaterEnd.optional(),
});

const ContentBlock = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.looseObject({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
  }),
]);

/** The last three come from Anthropic alone. */
const StopReason = z.enum([
  "end_turn",
  "max_tokens",
  "tool_use",
  "refusal",
  "stop_sequence",
  "pause_turn",
  "model_context_window_exceeded",
]);

const Count = z.int().nonnegative();
const Usage = z.looseObject({
  input_tokens: Count.nullish(),
  cache_creation_input_tokens: Count.nullish(),
  cache_read_input_tokens: Count.nullish(),
  output_tokens: Count,
});

export const AnthropicMessage = z.looseObject({
  id: z.string(),
  type: z.literal("message"),
  role: z.literal("assistant"),
  model: z.string(),
  content: z.array(ContentBlock),
  stop_reason: StopReason.nullable(),
  /** The one that ended the answer; told by Anthropic alone. */
  stop_sequence: z.string().nullable(),
  usage: Usage,
  breakwater: BreakwaterEnd.optional(),
});

const Delta = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text_delta"), text: z.string() }),
  z.object({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.object({ type: z.literal("signature_delta"), signature: z.string() }),
  z.object({ type: z.literal("input_json_delta"), partial_json: z.string() }),
  z.looseObject({ type: z.literal("citations_delta") }),
]);

const InBlock = { index: z.int().nonnegative() };

/** The data of one event, which is named by its `type`. */
export const MessageEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message_start"), message: AnthropicMessage }),
  z.object({ type: z.literal("content_block_start"), content_block: ContentBlock, ...InBlock }),
  z.object({ type: z.literal("content_block_delta"), delta: Delta, ...InBlock }),
  z.object({ type: z.literal("content_block_stop"), ...InBlock }),
  z.looseObject({
    type: z.literal("message_delta"),
    delta: z.looseObject({ stop_reason: StopReason, stop_sequence: z.string().nullable() }),
    usage: Usage,
    breakwater: BreakwaterEnd,
  }),
  z.object({ type: z.literal("message_stop") }),
  AnthropicRefusal,
]);

export const TokenCount = z.object({ input_tokens: z.int().nonnegative() });
