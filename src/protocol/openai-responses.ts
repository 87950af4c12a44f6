/**
 * WIRE: the request of OpenAI's Responses API as Breakwater takes it (source: OpenAI's API reference). As in openai.ts,
 * whatever is unknown, or cannot be carried to every provider, is refused by name. Rules HT100 to HT102, HT197.
 */
import { z } from "zod";
import { CallerJson, CallerJsonText } from "./caller-json.ts";
import { PROMPT_CACHE_FIELDS, PromptCacheBreakpoint } from "./openai.ts";
import { onlyTypes } from "./only-types.ts";
import { RoutingPolicy } from "./selection.ts";
import { ToolCallId } from "./tool-call-id.ts";

const MAX_ITEMS = 2_000;
const MAX_PARTS = 200;
const MAX_TOOLS = 128;
const MAX_IMAGE_URL_CHARACTERS = 8_000_000;

const Id = z.string().min(1).max(200);
const ItemStatus = z.enum(["in_progress", "completed", "incomplete"]).nullish();

const InputText = z.strictObject({
  type: z.literal("input_text"),
  text: z.string(),
  prompt_cache_breakpoint: PromptCacheBreakpoint,
});
const InputImage = z.strictObject({
  type: z.literal("input_image"),
  image_url: z.string({ error: "send the image's address or its data URL" }).max(MAX_IMAGE_URL_CHARACTERS),
  /** Taken: not every provider has such a choice. */
  detail: z.enum(["auto", "low", "high", "original"]).nullish(),
  prompt_cache_breakpoint: PromptCacheBreakpoint,
});
const TextContent = z.union([
  z.string(),
  z
    .array(z.discriminatedUnion("type", [InputText], { error: onlyTypes("input_text") }))
    .min(1)
    .max(MAX_PARTS),
]);
const UserContent = z.union([
  z.string(),
  z
    .array(
      z.discriminatedUnion("type", [InputText, InputImage], {
        error: onlyTypes("input_text or input_image"),
      }),
    )
    .min(1)
    .max(MAX_PARTS),
]);
const AssistantContent = z.union([
  z.string(),
  z
    .array(
      z.discriminatedUnion(
        "type",
        [
          // An answer of ours as it was given, also after the SDK has parsed it.
          z.strictObject({
            type: z.literal("output_text"),
            text: z.string(),
            annotations: z.array(z.unknown()).optional(),
            logprobs: z.array(z.unknown()).nullish(),
            parsed: z.unknown().optional(),
          }),
          z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
        ],
        { error: onlyTypes("output_text") },
      ),
    )
    .min(1)
    .max(MAX_PARTS),
]);

const messageOf = <Role extends string, Content extends z.ZodType>(role: Role, content: Content) =>
  z.strictObject({
    type: z.literal("message"),
    role: z.literal(role),
    content,
    id: Id.optional(),
    status: ItemStatus,
    phase: z.enum(["commentary", "final_answer"]).nullish(),
  });

export const ResponseInputItem = z.discriminatedUnion(
  "type",
  [
    z.discriminatedUnion("role", [
      messageOf("user", UserContent),
      messageOf("assistant", AssistantContent),
      messageOf("system", TextContent),
      messageOf("developer", TextContent),
    ]),
    z.strictObject({
      type: z.literal("function_call"),
      call_id: ToolCallId,
      name: Id,
      arguments: CallerJsonText,
      id: Id.nullish(),
      status: ItemStatus,
      /** The SDK's own, beside the arguments. */
      parsed_arguments: z.unknown().optional(),
    }),
    z.strictObject({
      type: z.literal("function_call_output"),
      call_id: ToolCallId,
      output: TextContent,
      id: Id.nullish(),
      status: ItemStatus,
    }),
    /** Taken and left out: no provider takes another's thoughts. */
    z.looseObject({ type: z.literal("reasoning") }),
  ],
  { error: onlyTypes("message, function_call, function_call_output or reasoning") },
);
export type ResponseInputItem = z.infer<typeof ResponseInputItem>;

/** Stands for an item of a response that was given before. */
const ItemReference = z.strictObject({ type: z.literal("item_reference"), id: Id });
export type ItemReference = z.infer<typeof ItemReference>;

/** A message may leave its `type` out, and so may a reference, which is then an id and nothing else. */
function withType(item: unknown): unknown {
  if (typeof item !== "object" || item === null) return item;
  const { type, ...rest } = { type: undefined, ...item };
  if ("role" in rest) return type === undefined ? { ...rest, type: "message" } : item;
  return type == null && "id" in rest ? { ...rest, type: "item_reference" } : item;
}

const AnyInputItem = z.preprocess(
  withType,
  z.discriminatedUnion("type", [ResponseInputItem, ItemReference], {
    error: onlyTypes("message, function_call, function_call_output, reasoning or item_reference"),
  }),
);

const FunctionTool = z.strictObject({
  type: z.literal("function"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  parameters: CallerJson.nullish(),
  strict: z.boolean().nullish(),
});

const TextFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string().min(1).max(64),
    schema: CallerJson,
    description: z.string().optional(),
    strict: z.boolean().nullish(),
  }),
]);

export const ResponseRequest = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  /** Breakwater's own: an ordered list of classes or targets tried in turn. */
  models: z.array(z.string().min(1).max(200)).min(1).max(10).optional(),
  /** Breakwater's own: how the candidates of a class are put in order. Wins over the header of that name. */
  policy: RoutingPolicy.optional(),
  input: z.union([z.string().min(1), z.array(AnyInputItem).min(1).max(MAX_ITEMS)], {
    error: "send text, or a list of items that is not empty",
  }),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_obfuscation: z
        .literal(false, { error: "nothing is added here; leave it out or send false" })
        .optional(),
    })
    .nullish(),
  max_output_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  tools: z
    .array(
      z.discriminatedUnion("type", [FunctionTool], { error: onlyTypes("tools of the type function only") }),
    )
    .max(MAX_TOOLS)
    .optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.strictObject({
        type: z.literal("function", { error: "only a function can be chosen by its name" }),
        name: z.string(),
      }),
    ])
    .optional(),
  text: z
    .strictObject({
      format: TextFormat.optional(),
      verbosity: z
        .literal("medium", { error: "cannot be chosen at every provider; leave it out or send medium" })
        .nullish(),
    })
    .optional(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high"]).nullish(),
      /** What a model tells of its thoughts is given as it comes. */
      summary: z
        .literal("auto", { error: "cannot be chosen at every provider; leave it out or send auto" })
        .nullish(),
    })
    .nullish(),
  /** Taken and not passed on: it names the caller's own user, and providers need not know. */
  user: z.string().max(500).optional(),
  /** Taken, given back and not passed on: the caller's own notes. */
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((notes) => Object.keys(notes).length <= 16, { error: "takes sixteen notes at most" })
    .nullish(),
  /** Left out: its items are kept for a day; the response as a whole only where it goes on with one that is. */
  store: z.boolean().nullish(),
  previous_response_id: z.string().max(200).nullish(),
  /** Taken: providers decide this themselves. */
  parallel_tool_calls: z
    .literal(true, { error: "cannot be switched off at every provider; leave it out" })
    .nullish(),
  service_tier: z
    .enum(["auto", "default"], { error: "cannot be chosen here; leave it out or send auto or default" })
    .nullish(),
  /** What follows changes no answer, and stays here: providers cache by themselves. */
  prompt_cache_key: z.string().max(500).nullish(),
  safety_identifier: z.string().max(500).nullish(),
  ...PROMPT_CACHE_FIELDS,
  truncation: z
    .literal("disabled", { error: "nothing is left out silently; leave it out or send disabled" })
    .nullish(),
  background: z.literal(false, { error: "an answer is given at once; leave it out or send false" }).nullish(),
  include: z.array(z.never({ error: "cannot be included here; leave it out" })).nullish(),
});
export type ResponseRequest = z.infer<typeof ResponseRequest>;
