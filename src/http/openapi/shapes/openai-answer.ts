/**
 * What OpenAI's Chat Completions and its list of models answer, for the document. The answers are written by
 * src/http/openai, or by a target that speaks this wire itself and may say more; tests hold the writers to these shapes
 * (rule HT166).
 */
import { z } from "zod";
import { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";

const OpenAiErrorObject = z.object({
  message: z.string(),
  type: z.string(),
  param: z.string().nullable(),
  code: z.string().nullable(),
});

export const OpenAiRefusal = z.object({ error: OpenAiErrorObject, breakwater: BreakwaterEnd.optional() });

const FinishReason = z.enum(["stop", "length", "tool_calls", "content_filter"]);

const Usage = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nonnegative().optional() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nonnegative().optional() }).nullish(),
});

const ToolCall = z.looseObject({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

/** Only where they were asked for. */
const Logprobs = z.looseObject({}).nullish();

export const ChatCompletion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.literal(0),
      message: z.looseObject({
        role: z.literal("assistant"),
        content: z.string().nullable(),
        refusal: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        tool_calls: z.array(ToolCall).optional(),
      }),
      logprobs: Logprobs,
      finish_reason: FinishReason,
    }),
  ),
  usage: Usage,
  breakwater: BreakwaterEnd,
});

const ToolCallDelta = z.looseObject({
  index: z.int().nonnegative(),
  id: z.string().optional(),
  type: z.literal("function").optional(),
  function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }),
});

const ChatCompletionChunk = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion.chunk"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.literal(0),
      delta: z.looseObject({
        role: z.literal("assistant").optional(),
        content: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        tool_calls: z.array(ToolCallDelta).optional(),
      }),
      logprobs: Logprobs,
      finish_reason: FinishReason.nullish(),
    }),
  ),
  usage: Usage.nullish(),
  breakwater: BreakwaterEnd.optional(),
});

/** The data of one event; the last event of a good stream is `[DONE]` and no JSON. */
export const ChatCompletionEvent = z.union([ChatCompletionChunk, OpenAiRefusal]);

export const Model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  description: z.string(),
  targets: z.array(z.string()).optional(),
  sandbox: z.boolean().optional(),
});

export const ModelList = z.object({ object: z.literal("list"), data: z.array(Model) });

export const EmbeddingList = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: z.int().nonnegative(),
      embedding: z.union([z.array(z.number()), z.base64()]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int().nonnegative(), total_tokens: z.int().nonnegative() }),
  breakwater: BreakwaterEnd,
});
