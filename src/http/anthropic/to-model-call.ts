/** Anthropic's Messages request as the neutral call. Pure. Rules HT80 to HT85. */
import { fail, succeed, type Result } from "../../base/result.ts";
import type {
  CountTokensRequest,
  Message,
  MessagesRequest,
  Thinking,
  Tool,
} from "../../protocol/anthropic.ts";
import { toRequestedNames, type Catalog } from "../../providers/catalog.ts";
import type { ModelCall, NativeRequest } from "../../providers/provider.ts";
import { toCallMistake } from "../door/read-call-body.ts";
import type { CallMistake } from "../door/wire-writer.ts";
import { hasTooManyCacheMarks, toCacheOptions } from "./cache-control.ts";
import { toPrompt } from "./to-prompt.ts";

/** Asking, or counting what asking would take. */
type Request = CountTokensRequest & Partial<MessagesRequest>;
type Effort = NonNullable<ModelCall["reasoningEffort"]>;

/** Where a budget of thoughts ends to be a small and a middling one: between those that the efforts stand for. */
const LOW_EFFORT_TOKENS = 8_000;
const MEDIUM_EFFORT_TOKENS = 24_000;

export function toModelCall(request: Request): Result<Omit<ModelCall, "modelId">, CallMistake> {
  if (hasTooManyCacheMarks(request)) {
    return fail(toCallMistake("cache_control", "at most 4 blocks and tools can have it"));
  }
  const prompt = toPrompt(request);
  if (!prompt.ok) return prompt;
  const tools = toToolFields(request);
  if (!tools.ok) return tools;
  const effort = toEffort(request);
  if (!effort.ok) return effort;
  const { stop_sequences: stopSequences = [] } = request;
  return succeed({
    prompt: prompt.value,
    wantsProofs: true,
    ...(request.max_tokens === undefined ? {} : { maxOutputTokens: request.max_tokens }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.top_p === undefined ? {} : { topP: request.top_p }),
    ...(request.top_k === undefined ? {} : { topK: request.top_k }),
    ...(stopSequences.length === 0 ? {} : { stopSequences }),
    ...tools.value,
    ...(effort.value === null ? {} : { reasoningEffort: effort.value }),
    ...toResponseFormat(request),
    native: toNativeRequest(request),
  });
}

/** What is Breakwater's own, what the adapter decides, and what stays with us. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  "model",
  "models",
  "policy",
  "stream",
  "metadata",
  "speed",
]);

/** As it was written, without what is ours or stays with us. */
function toNativeRequest(request: Request): NativeRequest {
  const body = Object.entries(request).filter(([name]) => !NOT_PASSED_ON.has(name));
  return {
    wire: "anthropic",
    body: { ...Object.fromEntries(body), messages: request.messages.map(withoutForeignThoughts) },
    onlyHere: listOnlyHere(request),
    stream: request.stream === true,
  };
}

/** Thoughts of other models have no signature, and Anthropic refuses them. */
function withoutForeignThoughts(message: Message): Message {
  if (message.role !== "assistant" || typeof message.content === "string") return message;
  const content = message.content.filter((block) => block.type !== "thinking" || block.signature !== "");
  return { ...message, content };
}

/** Fields that only this wire knows; what everybody does anyway is no wish. */
function listOnlyHere({
  tool_choice: choice,
  thinking,
  output_config: config,
  service_tier: tier,
  inference_geo: geo,
}: Request): string[] {
  const isSerial =
    choice !== undefined && choice.type !== "none" && choice.disable_parallel_tool_use === true;
  const isHidden = thinking !== undefined && thinking.type !== "disabled" && thinking.display === "omitted";
  return [
    ...(isSerial ? ["tool_choice.disable_parallel_tool_use"] : []),
    ...(isHidden ? ["thinking.display"] : []),
    ...(config?.effort === "xhigh" || config?.effort === "max" ? ["output_config.effort"] : []),
    ...(tier === "standard_only" ? ["service_tier"] : []),
    ...(geo == null ? [] : ["inference_geo"]),
  ];
}

/** The text that says what is wanted: that of the last message of the user's which has some. */
export function toQuestion({ messages }: Pick<MessagesRequest, "messages">): string {
  for (const { role, content } of messages.toReversed()) {
    if (role !== "user") continue;
    if (typeof content === "string") return content;
    const texts = content.flatMap((block) => (block.type === "text" ? [block.text] : []));
    if (texts.length > 0) return texts.join("\n");
  }
  return "";
}

/** How Anthropic names its models, the dated ones that clients pin included: the catalog need not know them. */
const OWN_NAME = /^claude-[^/]+$/;

/**
 * What is asked for, in order. Anthropic's clients name its models without their provider: a name that no class has and
 * that is one of Anthropic's is taken for that.
 */
export function toModels(asked: Pick<Request, "model" | "models">, catalog: Catalog): string[] {
  return toRequestedNames(asked).map((name) => {
    if (catalog.classes.some((modelClass) => modelClass.name === name)) return name;
    const isAnthropics =
      OWN_NAME.test(name) ||
      catalog.targets.some(({ provider, modelId }) => provider === "anthropic" && modelId === name);
    return isAnthropics ? `anthropic/${name}` : name;
  });
}

function toToolFields({
  tools = [],
  tool_choice: choice,
}: Request): Result<Pick<ModelCall, "tools" | "toolChoice">, CallMistake> {
  if (tools.length === 0) {
    const isForced = choice?.type === "any" || choice?.type === "tool";
    return isForced ? fail(toCallMistake("tool_choice", "there are no tools to choose from")) : succeed({});
  }
  if (choice?.type === "tool" && !tools.some(({ name }) => name === choice.name)) {
    return fail(toCallMistake("tool_choice.name", `there is no tool ${choice.name}`));
  }
  return succeed({ tools: tools.map(toTool), ...toToolChoice(choice) });
}

function toTool(tool: Tool): NonNullable<ModelCall["tools"]>[number] {
  return {
    type: "function",
    name: tool.name,
    ...toDescription(tool),
    inputSchema: tool.input_schema,
    ...(tool.strict === undefined ? {} : { strict: tool.strict }),
    ...toCacheOptions(tool.cache_control),
  };
}

/** Most wires have no place for examples. */
function toDescription({ description, input_examples: examples = [] }: Tool): { description?: string } {
  const told = examples.length === 0 ? [] : [`Examples of its input: ${JSON.stringify(examples)}`];
  const texts = [...(description === undefined ? [] : [description]), ...told];
  return texts.length === 0 ? {} : { description: texts.join("\n\n") };
}

function toToolChoice(choice: Request["tool_choice"]): Pick<ModelCall, "toolChoice"> {
  switch (choice?.type) {
    case undefined:
      return {};
    case "any":
      return { toolChoice: { type: "required" } };
    case "tool":
      return { toolChoice: { type: "tool", toolName: choice.name } };
    case "auto":
    case "none":
      return { toolChoice: { type: choice.type } };
  }
}

/** How hard to think, in the words that every provider has; null where nothing is said of it. */
function toEffort({ thinking, output_config: config }: Request): Result<Effort | null, CallMistake> {
  const asked = config?.effort ?? null;
  const effort = asked === "xhigh" || asked === "max" ? "high" : asked;
  if (thinking === undefined) return succeed(effort);
  if (effort === null) return succeed(toThinkingEffort(thinking));
  if (thinking.type === "adaptive") return succeed(effort);
  const complaint =
    thinking.type === "disabled"
      ? "has no effect while thinking is disabled; leave one of them out"
      : "cannot be combined with budget_tokens; leave one of them out";
  return fail(toCallMistake("output_config.effort", complaint));
}

function toThinkingEffort(thinking: Thinking): Effort {
  if (thinking.type === "disabled") return "none";
  // What Anthropic takes where no effort is named.
  if (thinking.type === "adaptive") return "high";
  const { budget_tokens: budget } = thinking;
  return budget <= LOW_EFFORT_TOKENS ? "low" : budget <= MEDIUM_EFFORT_TOKENS ? "medium" : "high";
}

function toResponseFormat({ output_config: config }: Request): Pick<ModelCall, "responseFormat"> {
  if (config?.format == null) return {};
  return { responseFormat: { type: "json", schema: config.format.schema } };
}
