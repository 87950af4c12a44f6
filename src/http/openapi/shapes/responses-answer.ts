/** What OpenAI's Responses API answers here, for the document; tests hold the writer to it (rule HT166). */
import { z } from "zod";
import { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";

const ItemStatus = z.enum(["in_progress", "completed", "incomplete"]);

const OutputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(z.unknown()),
});
const SummaryText = z.object({ type: z.literal("summary_text"), text: z.string() });

const OutputItem = z.discriminatedUnion("type", [
  z.object({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    status: ItemStatus,
    content: z.array(OutputText),
  }),
  z.object({
    id: z.string(),
    type: z.literal("reasoning"),
    status: ItemStatus,
    summary: z.array(SummaryText),
  }),
  z.object({
    id: z.string(),
    type: z.literal("function_call"),
    status: ItemStatus,
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
]);

/** The request's own words, given back. */
const ECHO = {
  access_programs: z.null(),
  background: z.literal(false),
  instructions: z.string().nullable(),
  max_output_tokens: z.int().nullable(),
  metadata: z.record(z.string(), z.string()),
  parallel_tool_calls: z.literal(true),
  previous_response_id: z.string().nullable(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
  store: z.boolean(),
  temperature: z.number().nullable(),
  text: z.object({ format: z.looseObject({ type: z.string() }) }),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  tools: z.array(z.looseObject({ type: z.literal("function"), name: z.string() })),
  top_p: z.number().nullable(),
  truncation: z.literal("disabled"),
  user: z.string().optional(),
};

export const ResponseObject = z.object({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.int(),
  completed_at: z.int().optional(),
  status: z.enum(["in_progress", "completed", "incomplete", "failed", "cancelled"]),
  error: z
    .object({
      code: z.enum(["server_error", "rate_limit_exceeded", "invalid_prompt"]),
      message: z.string(),
    })
    .nullable(),
  incomplete_details: z.object({ reason: z.enum(["max_output_tokens", "content_filter"]) }).nullable(),
  model: z.string(),
  output: z.array(OutputItem),
  ...ECHO,
  usage: z
    .object({
      input_tokens: z.int().nonnegative(),
      input_tokens_details: z.object({ cached_tokens: z.int().nonnegative() }),
      output_tokens: z.int().nonnegative(),
      output_tokens_details: z.object({ reasoning_tokens: z.int().nonnegative() }),
      total_tokens: z.int().nonnegative(),
    })
    .optional(),
  breakwater: BreakwaterEnd.optional(),
});

const Numbered = { sequence_number: z.int().nonnegative() };
const InItem = { ...Numbered, item_id: z.string(), output_index: z.int().nonnegative() };
const InMessage = { ...InItem, content_index: z.literal(0) };
const InThoughts = { ...InItem, summary_index: z.literal(0) };

/** The data of one event, which is named by its `type`. */
export const ResponseEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.enum([
      "response.created",
      "response.in_progress",
      "response.completed",
      "response.incomplete",
      "response.failed",
    ]),
    response: ResponseObject,
    ...Numbered,
  }),
  z.object({
    type: z.enum(["response.output_item.added", "response.output_item.done"]),
    output_index: z.int().nonnegative(),
    item: OutputItem,
    ...Numbered,
  }),
  z.object({
    type: z.enum(["response.content_part.added", "response.content_part.done"]),
    part: OutputText,
    ...InMessage,
  }),
  z.object({
    type: z.literal("response.output_text.delta"),
    delta: z.string(),
    logprobs: z.array(z.unknown()),
    ...InMessage,
  }),
  z.object({
    type: z.literal("response.output_text.done"),
    text: z.string(),
    logprobs: z.array(z.unknown()),
    ...InMessage,
  }),
  z.object({
    type: z.enum(["response.reasoning_summary_part.added", "response.reasoning_summary_part.done"]),
    part: SummaryText,
    ...InThoughts,
  }),
  z.object({ type: z.literal("response.reasoning_summary_text.delta"), delta: z.string(), ...InThoughts }),
  z.object({ type: z.literal("response.reasoning_summary_text.done"), text: z.string(), ...InThoughts }),
  z.object({ type: z.literal("response.function_call_arguments.delta"), delta: z.string(), ...InItem }),
  z.object({
    type: z.literal("response.function_call_arguments.done"),
    name: z.string(),
    arguments: z.string(),
    ...InItem,
  }),
]);
