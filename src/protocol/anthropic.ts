/**
 * WIRE: Anthropic's Messages request as Breakwater takes it (source: Anthropic's API reference). What is known and
 * cannot be carried to every provider is refused by name; unknown fields are refused too, so that a client never
 * believes that something took effect which did not. Rules HT80 to HT85.
 */
import { z } from "zod";
import { CallerJson, toBounded } from "./caller-json.ts";
import { RoutingPolicy } from "./selection.ts";
import { ToolCallId } from "./tool-call-id.ts";

const MAX_MESSAGES = 2_000;
const MAX_BLOCKS = 2_000;
const MAX_TOOLS = 128;
const MAX_INPUT_EXAMPLES = 20;
/** As many as every provider takes. */
const MAX_STOP_SEQUENCES = 4;
const MAX_TOOL_NAME_CHARACTERS = 200;
/** Anthropic's own least. */
const MIN_THINKING_TOKENS = 1_024;

const CacheControl = z
  .strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() })
  .nullish();
export type CacheControl = z.infer<typeof CacheControl>;

const NO_CITATIONS = "citations cannot be carried to every provider; leave them out";
const TextBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string().min(1, { error: "a text must not be empty" }),
  cache_control: CacheControl,
  /** Taken as answers have it: without any. */
  citations: z.tuple([], { error: NO_CITATIONS }).nullish(),
});
export type TextBlock = z.infer<typeof TextBlock>;

const Base64Source = z.strictObject({
  type: z.literal("base64"),
  media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
  data: z.string().regex(/^[A-Za-z0-9+/]+=*$/, { error: "an image's data must be base64" }),
});
const UrlSource = z.strictObject({
  type: z.literal("url"),
  url: z.url({ protocol: /^https$/, error: "an image's address must be an https URL" }),
});
const ImageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [Base64Source, UrlSource], {
    error: "an image must be given as base64 or by an https URL",
  }),
  cache_control: CacheControl,
});
export type ImageBlock = z.infer<typeof ImageBlock>;

const ToolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, {
  error: "a tool's name has 1 to 64 letters, digits, _ or -",
});
const ToolUseBlock = z.strictObject({
  type: z.literal("tool_use"),
  id: ToolCallId,
  name: z.string().min(1).max(MAX_TOOL_NAME_CHARACTERS),
  input: CallerJson,
  cache_control: CacheControl,
  /** Taken as answers of Anthropic's have it. */
  caller: z.strictObject({ type: z.literal("direct") }).nullish(),
  toolset_name: z.null({ error: "only tools of your own reach every provider; leave it out" }).optional(),
});
const ToolResultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: ToolCallId,
  content: z
    .union([
      z.string(),
      z
        .array(
          z.discriminatedUnion("type", [TextBlock, ImageBlock], {
            error: "a tool's result may have text and images only",
          }),
        )
        .max(MAX_BLOCKS),
    ])
    .optional(),
  is_error: z.boolean().optional(),
  cache_control: CacheControl,
  toolset_name: z.null({ error: "only tools of your own reach every provider; leave it out" }).optional(),
});
export type ToolResultBlock = z.infer<typeof ToolResultBlock>;

const ThinkingBlock = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string(),
});
const RedactedThinkingBlock = z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() });

const UserBlock = z.discriminatedUnion("type", [TextBlock, ImageBlock, ToolResultBlock], {
  error: "a user's message may have text, image and tool_result blocks only",
});
const AssistantBlock = z.discriminatedUnion(
  "type",
  [TextBlock, ToolUseBlock, ThinkingBlock, RedactedThinkingBlock],
  { error: "an assistant's message may have text, tool_use, thinking and redacted_thinking blocks only" },
);
export type UserBlock = z.infer<typeof UserBlock>;
export type AssistantBlock = z.infer<typeof AssistantBlock>;

const Said = z.string().min(1, { error: "a message must not be empty" });
const toContent = <Block extends z.ZodType>(block: Block) =>
  z.union([Said, z.array(block).min(1, { error: "a message must not be empty" }).max(MAX_BLOCKS)]);

const Message = z.discriminatedUnion(
  "role",
  [
    z.strictObject({ role: z.literal("user"), content: toContent(UserBlock) }),
    z.strictObject({ role: z.literal("assistant"), content: toContent(AssistantBlock) }),
    /** Behind a question; some of Anthropic's models take none. */
    z.strictObject({ role: z.literal("system"), content: toContent(TextBlock) }),
  ],
  { error: "a message is a user's, an assistant's, or the system's behind one of theirs" },
);
export type Message = z.infer<typeof Message>;

const Tool = z.strictObject({
  type: z
    .literal("custom", { error: "only tools of your own (custom) reach every provider; leave this one out" })
    .nullish(),
  name: ToolName,
  description: z.string().optional(),
  input_schema: toBounded(z.looseObject({ type: z.literal("object") })),
  strict: z.boolean().optional(),
  cache_control: CacheControl,
  /** Inputs that are meant; others than Anthropic read them in the description. */
  input_examples: z.array(CallerJson).max(MAX_INPUT_EXAMPLES).optional(),
  /** How a call comes, and not which: no matter to others. */
  eager_input_streaming: z.boolean().nullish(),
  defer_loading: z
    .literal(false, { error: "every tool is told at once; leave it out or send false" })
    .optional(),
  allowed_callers: z
    .tuple([z.literal("direct")], { error: "only the model itself can call a tool; leave it out" })
    .optional(),
});
export type Tool = z.infer<typeof Tool>;

/** `true` reaches Anthropic alone; `false` is what happens anyway. */
const ParallelToolUse = z.boolean().optional();
const ToolChoice = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto"), disable_parallel_tool_use: ParallelToolUse }),
  z.strictObject({ type: z.literal("any"), disable_parallel_tool_use: ParallelToolUse }),
  z.strictObject({
    type: z.literal("tool"),
    name: z.string().min(1).max(MAX_TOOL_NAME_CHARACTERS),
    disable_parallel_tool_use: ParallelToolUse,
  }),
  z.strictObject({ type: z.literal("none") }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

/** `omitted` reaches Anthropic alone; the other is what happens anyway. */
const ThinkingDisplay = z.enum(["summarized", "omitted"]).nullish();
const Thinking = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z.literal("enabled"),
      budget_tokens: z.int().min(MIN_THINKING_TOKENS),
      display: ThinkingDisplay,
    }),
    z.strictObject({ type: z.literal("adaptive"), display: ThinkingDisplay }),
    z.strictObject({ type: z.literal("disabled") }),
  ],
  { error: "thinking can be enabled, adaptive or disabled" },
);
export type Thinking = z.infer<typeof Thinking>;

const OutputConfig = z.strictObject({
  effort: z
    // The last two reach Anthropic alone.
    .enum(["low", "medium", "high", "xhigh", "max"])
    .nullish(),
  format: z.strictObject({ type: z.literal("json_schema"), schema: CallerJson }).nullish(),
});

const ModelName = z.string().min(1).max(200);

/** What asking and counting have in common. */
const CALL_FIELDS = {
  model: ModelName.optional(),
  /** Breakwater's own: an ordered list of classes or targets tried in turn. */
  models: z.array(ModelName).min(1).max(10).optional(),
  messages: z.array(Message).min(1).max(MAX_MESSAGES),
  system: z.union([z.string(), z.array(TextBlock).max(MAX_BLOCKS)]).optional(),
  tools: z.array(Tool).max(MAX_TOOLS).optional(),
  tool_choice: ToolChoice.optional(),
  thinking: Thinking.optional(),
  output_config: OutputConfig.optional(),
  /** Of the last block that can have one; Anthropic puts it there itself. */
  cache_control: CacheControl,
  /** Taken and not passed on: it is what happens anyway, and some of Anthropic's models refuse any word on it. */
  speed: z.literal("standard", { error: "cannot be chosen here; leave it out or send standard" }).nullish(),
};

export const CountTokensRequest = z.strictObject(CALL_FIELDS);
export type CountTokensRequest = z.infer<typeof CountTokensRequest>;

export const MessagesRequest = z.strictObject({
  ...CALL_FIELDS,
  /** Breakwater's own: how the candidates of a class are put in order. Wins over the header of that name. */
  policy: RoutingPolicy.optional(),
  max_tokens: z.int().positive(),
  stream: z.boolean().optional(),
  stop_sequences: z.array(z.string().min(1)).max(MAX_STOP_SEQUENCES).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().positive().optional(),
  /** Taken and not passed on: it names the caller's own user, and providers need not know. */
  metadata: z.strictObject({ user_id: z.string().max(500).nullish() }).optional(),
  /** `standard_only` reaches Anthropic alone; `auto` is what happens anyway. */
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  /** Where Anthropic works on it: reaches Anthropic alone. */
  inference_geo: z.string().min(1).max(50).nullish(),
});
export type MessagesRequest = z.infer<typeof MessagesRequest>;

/** `type` of Anthropic's error objects. */
export type AnthropicErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "request_too_large"
  | "rate_limit_error"
  | "api_error"
  | "overloaded_error"
  | "timeout_error";

/** Every refusal on `/v1/messages`, and the last event of a stream that broke. */
export interface AnthropicError {
  readonly type: "error";
  readonly error: { readonly type: AnthropicErrorType; readonly message: string };
  readonly request_id: string;
}
