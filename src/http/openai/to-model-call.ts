/** The OpenAI Chat Completions request as the neutral call. Pure. Rules HT40 to HT44, HT322, HT323, HT343. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
} from "@ai-sdk/provider";
import { parseJson } from "../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { ChatCompletionRequest, ChatMessage } from "../../protocol/openai.ts";
import type { ModelCall, NativeRequest } from "../../providers/provider.ts";
import { appendMessage } from "../door/append-message.ts";
import { IMAGE_COMPLAINT, toImagePart } from "./image-part.ts";
import { toJsonFormat } from "./json-format.ts";
import { findChoiceComplaint } from "./tool-choice.ts";

/** What is wrong, and in which field. */
export interface CallMistake {
  readonly param: string;
  readonly message: string;
}

type Text = string | readonly { readonly text: string }[];

const toText = (content: Text): string =>
  typeof content === "string" ? content : content.map((part) => part.text).join("");

/** The text that says what is wanted: the last user message. */
export function toQuestion(request: ChatCompletionRequest): string {
  const last = request.messages.findLast((message) => message.role === "user");
  if (last === undefined) return "";
  if (typeof last.content === "string") return last.content;
  return last.content.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

export function toModelCall(request: ChatCompletionRequest): Result<Omit<ModelCall, "modelId">, CallMistake> {
  const prompt = toPrompt(request.messages);
  if (!prompt.ok) return prompt;
  const choice = findToolComplaint(request);
  if (choice !== null) return fail({ param: "tool_choice", message: `tool_choice: ${choice}.` });
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens ?? null;
  const stop = request.stop ?? null;
  return succeed({
    prompt: prompt.value,
    ...(maxOutputTokens === null ? {} : { maxOutputTokens }),
    ...(request.temperature == null ? {} : { temperature: request.temperature }),
    ...(request.top_p == null ? {} : { topP: request.top_p }),
    ...(request.presence_penalty == null ? {} : { presencePenalty: request.presence_penalty }),
    ...(request.frequency_penalty == null ? {} : { frequencyPenalty: request.frequency_penalty }),
    ...(request.seed == null ? {} : { seed: request.seed }),
    ...(stop === null ? {} : { stopSequences: typeof stop === "string" ? [stop] : stop }),
    ...toEffort(request),
    ...toToolFields(request),
    ...toResponseFormat(request),
    native: toNativeRequest(request),
  });
}

function toEffort({ reasoning_effort: effort }: ChatCompletionRequest): Pick<ModelCall, "reasoningEffort"> {
  if (effort == null) return {};
  return { reasoningEffort: effort === "xhigh" || effort === "max" ? "high" : effort };
}

/** Fields that only this wire knows. */
const ONLY_HERE = [
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "parallel_tool_calls",
  "service_tier",
  "verbosity",
  "prompt_cache_key",
  "safety_identifier",
] as const satisfies readonly (keyof ChatCompletionRequest)[];

/** What is Breakwater's own, what the adapter decides, and what stays with us. */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  "model",
  "models",
  "policy",
  "stream",
  "user",
  "metadata",
  "store",
  "n",
]);

/** As it was written, without what is ours or stays with us. */
function toNativeRequest(request: ChatCompletionRequest): NativeRequest {
  const body = Object.entries(request).filter(([name]) => !NOT_PASSED_ON.has(name));
  return {
    wire: "openai-chat",
    body: { ...Object.fromEntries(body), messages: request.messages.map(toNativeMessage) },
    // `false` for log probabilities and `true` for parallel calls is what everybody does anyway.
    onlyHere: [
      ...ONLY_HERE.filter(
        (name) =>
          request[name] !== undefined &&
          request[name] !== null &&
          !(name === "logprobs" && request.logprobs === false) &&
          !(name === "parallel_tool_calls" && request.parallel_tool_calls === true),
      ),
      ...(request.reasoning_effort === "xhigh" || request.reasoning_effort === "max"
        ? ["reasoning_effort"]
        : []),
    ],
    stream: request.stream === true,
  };
}

/** Whose wire this is knows no thoughts of others, and takes no calls that are null or none. */
function toNativeMessage(message: ChatMessage): ChatMessage {
  if (message.role !== "assistant") return message;
  const { reasoning_content: _, tool_calls: calls, ...rest } = message;
  return calls == null || calls.length === 0 ? rest : { ...rest, tool_calls: calls };
}

function findToolComplaint({ tools = [], tool_choice: choice }: ChatCompletionRequest): string | null {
  const offered = tools.map((tool) => tool.function.name);
  return findChoiceComplaint(offered, typeof choice === "object" ? choice.function : choice);
}

function toToolFields(request: ChatCompletionRequest): Pick<ModelCall, "tools" | "toolChoice"> {
  const { tools, tool_choice: choice } = request;
  if (tools === undefined || tools.length === 0) return {};
  return {
    tools: tools.map(({ function: tool }) => ({
      type: "function" as const,
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      inputSchema: tool.parameters ?? { type: "object", properties: {} },
      ...(tool.strict == null ? {} : { strict: tool.strict }),
    })),
    ...(choice === undefined
      ? {}
      : {
          toolChoice:
            typeof choice === "string"
              ? { type: choice }
              : { type: "tool" as const, toolName: choice.function.name },
        }),
  };
}

function toResponseFormat(request: ChatCompletionRequest): Pick<ModelCall, "responseFormat"> {
  const format = request.response_format;
  if (format === undefined || format.type === "text") return {};
  if (format.type === "json_object") return { responseFormat: { type: "json" } };
  return { responseFormat: toJsonFormat(format.json_schema) };
}

function toPrompt(messages: readonly ChatMessage[]): Result<LanguageModelV4Prompt, CallMistake> {
  const prompt: LanguageModelV4Prompt = [];
  const toolNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const turned = toPromptMessage(message, toolNames);
    if (!turned.ok) return fail({ param: `messages.${index}`, message: turned.error });
    // An empty word of the system's says nothing, and Anthropic refuses it.
    if (turned.value.role !== "system" || turned.value.content !== "") appendMessage(prompt, turned.value);
  }
  return succeed(prompt);
}

function toPromptMessage(
  message: ChatMessage,
  toolNames: Map<string, string>,
): Result<LanguageModelV4Message, string> {
  switch (message.role) {
    case "system":
    case "developer":
      return succeed({ role: "system", content: toText(message.content), ...toNamed(message) });
    case "user":
      return toUserMessage(message);
    case "assistant":
      return toAssistantMessage(message, toolNames);
    case "tool": {
      const toolName = toolNames.get(message.tool_call_id);
      if (toolName === undefined) {
        return fail(`there is no tool call ${message.tool_call_id} before this result`);
      }
      const output = { type: "text" as const, value: toText(message.content) };
      const part = { type: "tool-result" as const, toolCallId: message.tool_call_id, toolName, output };
      return succeed({ role: "tool", content: [part] });
    }
  }
}

function toUserMessage(
  message: Extract<ChatMessage, { role: "user" }>,
): Result<LanguageModelV4Message, string> {
  const named = toNamed(message);
  if (typeof message.content === "string") {
    return succeed({ role: "user", content: [{ type: "text", text: message.content }], ...named });
  }
  const content: (LanguageModelV4TextPart | LanguageModelV4FilePart)[] = [];
  for (const part of message.content) {
    if (part.type === "text") {
      content.push({ type: "text", text: part.text });
      continue;
    }
    const image = toImagePart(part.image_url.url, part.image_url.detail);
    if (image === null) return fail(IMAGE_COMPLAINT);
    content.push(image);
  }
  return succeed({ role: "user", content, ...named });
}

function toAssistantMessage(
  message: Extract<ChatMessage, { role: "assistant" }>,
  toolNames: Map<string, string>,
): Result<LanguageModelV4Message, string> {
  // A refusal is what the model said, and comes back as that.
  const text = toText(message.content ?? message.refusal ?? "");
  const content: Extract<LanguageModelV4Message, { role: "assistant" }>["content"] = [];
  if (message.reasoning_content) content.push({ type: "reasoning", text: message.reasoning_content });
  if (text !== "") content.push({ type: "text", text });
  for (const call of message.tool_calls ?? []) {
    const input = parseJson(call.function.arguments === "" ? "{}" : call.function.arguments);
    if (!input.ok) return fail(`the arguments of tool call ${call.id} are not JSON`);
    toolNames.set(call.id, call.function.name);
    content.push({
      type: "tool-call",
      toolCallId: call.id,
      toolName: call.function.name,
      input: input.value,
    });
  }
  if (content.every(({ type }) => type === "reasoning"))
    return fail("an assistant message needs content or tool calls");
  return succeed({ role: "assistant", content, ...toNamed(message) });
}

/** Who speaks: told where the wire has a place for it, and part of what a kept answer is the answer to (HT141). */
function toNamed({ name }: { readonly name?: string | undefined }) {
  return name === undefined ? {} : { providerOptions: { openai: { name } } };
}
