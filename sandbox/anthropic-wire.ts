/** Anthropic's Messages wire. */
import type { Answer } from "./answer.ts";
import { splitBrokenAnswer } from "./broken-answer.ts";
import {
  bearerOf,
  CREATED_AT,
  headerOf,
  isObject,
  modelsOf,
  numberOf,
  objectsIn,
  stringsIn,
  textOf,
  toTool,
} from "./provider-wire.ts";
import type { ErrorSpec, JsonObject, ProviderWire } from "./provider-wire.ts";
import type { Question } from "./question.ts";

/** The only one here that goes on from an assistant's message at the end. */
const PREFILL_MODEL = /^claude-haiku-4-5(?:-\d{8})?$/;

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return objectsIn(content)
    .map(
      (part) => textOf(part["text"]) + (part["type"] === "tool_result" ? contentText(part["content"]) : ""),
    )
    .join("");
}

function parseForcedTool(choice: unknown): string | null {
  if (!isObject(choice)) return null;
  if (choice["type"] === "any") return "any";
  return choice["type"] === "tool" ? textOf(choice["name"]) || null : null;
}

function parseJsonSchema(body: JsonObject): JsonObject | null {
  const config = isObject(body["output_config"]) ? body["output_config"] : body;
  const format = config["format"] ?? config["output_format"];
  if (!isObject(format)) return null;
  return isObject(format["schema"]) ? format["schema"] : {};
}

function parseQuestion(body: JsonObject): Omit<Question, "modelId"> {
  const messages = objectsIn(body["messages"]);
  const { asked, broken } = splitBrokenAnswer(messages, {
    assistantRole: "assistant",
    textOf: (message) => contentText(message["content"]),
  });
  const last = asked.at(-1) ?? {};
  const results = objectsIn(last["content"]).filter((part) => part["type"] === "tool_result");
  const thinking = isObject(body["thinking"]) ? body["thinking"]["type"] : null;
  const lastCharacters = contentText(messages.at(-1)?.["content"]).length;
  const promptCharacters =
    contentText(body["system"]).length +
    messages.reduce((sum, message) => sum + contentText(message["content"]).length, 0);
  return {
    text: results.length > 0 ? "" : contentText(last["content"]),
    toolResult: results.length > 0 ? contentText(results) : null,
    broken,
    promptCharacters,
    cachedCharacters: promptCharacters - lastCharacters,
    attachments: objectsIn(last["content"]).filter(
      (part) => part["type"] === "image" || part["type"] === "document",
    ).length,
    maxOutputTokens: numberOf(body["max_tokens"]),
    stopSequences: stringsIn(body["stop_sequences"]),
    tools: objectsIn(body["tools"]).flatMap((tool) => toTool(tool["name"], tool["input_schema"])),
    forcedTool: parseForcedTool(body["tool_choice"]),
    jsonSchema: parseJsonSchema(body),
    thinks: thinking === "enabled" || thinking === "adaptive",
  };
}

/** Anthropic counts cached tokens beside the input, and the output only at the end. */
function toUsage({ usage }: Answer, isStart: boolean): JsonObject {
  return {
    input_tokens: usage.inputTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: isStart ? 1 : usage.outputTokens,
    ...(isStart ? {} : { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
  };
}

/** Anthropic says by which sequence an answer ended. */
function toStop({ stopSequence }: Answer): JsonObject {
  return stopSequence === null ? {} : { stop_reason: "stop_sequence", stop_sequence: stopSequence };
}

function refuse(message: string): ErrorSpec {
  return { status: 400, type: "invalid_request_error", message };
}

function findRefusal(question: Question, body: JsonObject): ErrorSpec | null {
  return findPrefillRefusal(question) ?? findThinkingRefusal(body);
}

/** Which prefills are refused, in Anthropic's words. Rule PR87. */
function findPrefillRefusal({ modelId, broken }: Question): ErrorSpec | null {
  if (broken?.wish !== "prefill") return null;
  if (!PREFILL_MODEL.test(modelId)) {
    return refuse(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  }
  return /\s$/.test(broken.partial)
    ? refuse("messages: final assistant content cannot end with trailing whitespace")
    : null;
}

/** A budget for thoughts in the middle of a turn that has not begun with any, in Anthropic's words. Rule PR147. */
function findThinkingRefusal(body: JsonObject): ErrorSpec | null {
  if (!isObject(body["thinking"]) || body["thinking"]["type"] !== "enabled") return null;
  const messages = objectsIn(body["messages"]);
  const typesOf = (index: number): string[] => {
    const content = messages[index]?.["content"];
    return typeof content === "string" ? ["text"] : objectsIn(content).map((block) => textOf(block["type"]));
  };
  const asked = messages.findLastIndex(
    ({ role }, index) => role === "user" && !typesOf(index).includes("tool_result"),
  );
  const [found] = typesOf(asked + 1);
  if (found === undefined || found === "thinking" || found === "redacted_thinking") return null;
  return refuse(
    `messages.${asked + 1}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${found}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks).`,
  );
}

function toError({ type, message }: ErrorSpec): JsonObject {
  return { type: "error", error: { type, message } };
}

export const ANTHROPIC_WIRE: ProviderWire = {
  displayName: "Anthropic",
  parseRoute(path) {
    if (path === "/v1/models") return { kind: "models", modelId: null, isStream: null, upstreamPath: "" };
    if (path !== "/v1/messages") return null;
    return { kind: "generate", modelId: null, isStream: null, upstreamPath: "/v1/messages" };
  },
  findKey: (headers) => headerOf(headers["x-api-key"]) ?? bearerOf(headers["authorization"]),
  parseQuestion,
  findRefusal,
  toError,
  toErrorEvent: (error) => `event: error\ndata: ${JSON.stringify(toError(error))}\n\n`,
  toModelList() {
    const data = modelsOf("anthropic").map(({ id, displayName }) => ({
      type: "model",
      id,
      display_name: displayName,
      created_at: CREATED_AT,
    }));
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  },
  cut: (event) => [event],
  enrich(event, answer) {
    if (event["type"] === "message_start" && isObject(event["message"])) {
      return { ...event, message: { ...event["message"], usage: toUsage(answer, true) } };
    }
    const usage = toUsage(answer, false);
    if (event["type"] === "message") return { ...event, ...toStop(answer), usage };
    if (event["type"] !== "message_delta" || !isObject(event["delta"])) return event;
    return { ...event, delta: { ...event["delta"], ...toStop(answer) }, usage };
  },
  isContent: (event) => event["type"] === "content_block_delta",
  isFinal: (event) => event["type"] === "message_delta",
};
