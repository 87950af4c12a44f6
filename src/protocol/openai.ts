/**
 * WIRE: the OpenAI Chat Completions request as Breakwater takes it (source: OpenAI's API reference). What is known
 * and cannot be carried to every provider is refused by name; unknown fields are refused too, so that a client
 * never believes that something took effect which did not.
 */
import { z } from "zod";
import { CallerJson, CallerJsonText } from "./caller-json.ts";
import { onlyTypes } from "./only-types.ts";
import { RoutingPolicy } from "./selection.ts";
import { ToolCallId } from "./tool-call-id.ts";

const MAX_MESSAGES = 2_000;
const MAX_TOOLS = 128;

/** Reaches OpenAI alone; other providers cache by themselves. */
export const PromptCacheBreakpoint = z
  .strictObject({ mode: z.literal("explicit"), ttl: z.enum(["30m", "12h"]).optional() })
  .optional();
/** How long OpenAI keeps the beginning of a prompt. */
export const PROMPT_CACHE_FIELDS = {
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
  prompt_cache_options: z
    .strictObject({ mode: z.enum(["implicit", "explicit"]).optional(), ttl: z.string().max(20).optional() })
    .nullish(),
};
const TextPart = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  prompt_cache_breakpoint: PromptCacheBreakpoint,
});
const ImagePart = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({
    url: z.string().max(8_000_000),
    detail: z.enum(["auto", "low", "high", "original"]).optional(),
  }),
  prompt_cache_breakpoint: PromptCacheBreakpoint,
});
const Text = z.union([z.string(), z.array(TextPart).min(1)]);
/** As a client gives an answer back: with notes of its own, which are left out. */
const SaidText = z.union([z.string(), z.array(z.object(TextPart.shape)).min(1)]);

const ToolCall = z.object({
  id: ToolCallId,
  type: z.literal("function"),
  function: z.object({ name: z.string().min(1).max(200), arguments: CallerJsonText }),
});

export const ChatMessage = z.discriminatedUnion(
  "role",
  [
    z.strictObject({ role: z.literal("system"), content: Text, name: z.string().optional() }),
    z.strictObject({ role: z.literal("developer"), content: Text, name: z.string().optional() }),
    z.strictObject({
      role: z.literal("user"),
      content: z.union([
        z.string(),
        z
          .array(
            z.discriminatedUnion("type", [TextPart, ImagePart], { error: onlyTypes("text or image_url") }),
          )
          .min(1),
      ]),
      name: z.string().optional(),
    }),
    // An answer comes back with whatever it was given with, and with what its reader has added: what is not known of it says
    // nothing to a model, and is left out.
    z.object({
      role: z.literal("assistant"),
      content: SaidText.nullish(),
      refusal: z.string().nullish(),
      /** As `choices[0].message` gives it: some models want their thoughts back in the middle of a tool round. */
      reasoning_content: z.string().nullish(),
      name: z.string().optional(),
      tool_calls: z.array(ToolCall).max(MAX_TOOLS).nullish(),
      function_call: z
        .null({
          error: "is not taken any more; send tool_calls, and the result as a message of the role tool",
        })
        .optional(),
      audio: z
        .null({ error: "cannot be carried to every provider; send what was said as content" })
        .optional(),
    }),
    z.strictObject({
      role: z.literal("tool"),
      content: Text,
      tool_call_id: ToolCallId,
      /** As LangChain and OpenAI's older examples have it; the call knows its tool. */
      name: z.string().optional(),
    }),
  ],
  { error: "a message is one of the system, developer, user, assistant or tool" },
);
export type ChatMessage = z.infer<typeof ChatMessage>;

export const ChatCompletionRequest = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  /** Breakwater's own: an ordered list of classes or targets tried in turn. */
  models: z.array(z.string().min(1).max(200)).min(1).max(10).optional(),
  /** Breakwater's own: how the candidates of a class are put in order. Wins over the header of that name. */
  policy: RoutingPolicy.optional(),
  messages: z.array(ChatMessage).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.literal(1, { error: "only one answer at a time (n: 1) is possible" }).nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("function"),
        function: z.strictObject({
          name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
          description: z.string().optional(),
          parameters: CallerJson.optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .max(MAX_TOOLS)
    .optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: z.string() }) }),
    ])
    .optional(),
  response_format: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("text") }),
      z.strictObject({ type: z.literal("json_object") }),
      z.strictObject({
        type: z.literal("json_schema"),
        json_schema: z.strictObject({
          name: z.string(),
          description: z.string().optional(),
          schema: CallerJson.optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .optional(),
  reasoning_effort: z
    // The last two reach this wire alone.
    .enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    .nullish(),
  /** Taken and not passed on: it names the caller's own user, and providers need not know. */
  user: z.string().max(500).optional(),
  /** Taken and not passed on: the caller's own notes. */
  metadata: z.record(z.string(), z.string()).nullish(),
  /** Taken: `false` is what happens anyway. */
  store: z.literal(false, { error: "answers are not stored; leave it out or send false" }).nullish(),
  /**
   * What follows is carried only to providers that speak this wire; a request that has it is not tried at any other one,
   * and refused where there is none.
   */
  parallel_tool_calls: z.boolean().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  logit_bias: z.record(z.string().max(20), z.number().min(-100).max(100)).nullish(),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast"]).nullish(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
  prompt_cache_key: z.string().max(500).nullish(),
  safety_identifier: z.string().max(500).nullish(),
  /** What follows changes no answer: it reaches this wire, and is no matter to others. */
  ...PROMPT_CACHE_FIELDS,
  modalities: z
    .tuple([z.literal("text")], { error: 'only text can be answered here; leave it out or send ["text"]' })
    .nullish(),
});
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

/** `error` of every refusal on `/v1/*`, and of the last event of a stream that broke. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}
