/** The OpenAI Chat Completions wire, also as DeepSeek speaks it. */
import type { Answer } from "./answer.ts";
import { splitBrokenAnswer } from "./broken-answer.ts";
import { toBase64, toVector } from "./embed-text.ts";
import { tokensOf } from "./measure-text.ts";
import {
  bearerOf,
  CREATED_AT_SECONDS,
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

function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  return objectsIn(content)
    .map((part) => textOf(part["text"]))
    .join("");
}

function parseForcedTool(choice: unknown): string | null {
  if (choice === "required") return "any";
  return isObject(choice) && isObject(choice["function"]) ? textOf(choice["function"]["name"]) || null : null;
}

function parseJsonSchema(format: unknown): JsonObject | null {
  if (!isObject(format)) return null;
  if (format["type"] === "json_object") return {};
  const schema = isObject(format["json_schema"]) ? format["json_schema"]["schema"] : null;
  return format["type"] === "json_schema" ? (isObject(schema) ? schema : {}) : null;
}

function thinks(provider: "openai" | "deepseek", body: JsonObject): boolean {
  if (provider === "deepseek") {
    const thinking = isObject(body["thinking"]) ? body["thinking"]["type"] : null;
    return thinking === "enabled" || (thinking !== "disabled" && textOf(body["model"]).includes("pro"));
  }
  const effort = body["reasoning_effort"];
  return typeof effort === "string" && effort !== "none" && effort !== "minimal";
}

function parseQuestion(provider: "openai" | "deepseek", body: JsonObject): Omit<Question, "modelId"> {
  const messages = objectsIn(body["messages"]);
  const { asked, broken } = splitBrokenAnswer(messages, {
    assistantRole: "assistant",
    textOf: (message) => contentText(message["content"]),
  });
  const last = asked.at(-1) ?? {};
  const isTool = last["role"] === "tool";
  const lengths = messages.map((message) => contentText(message["content"]).length);
  const promptCharacters = lengths.reduce((sum, length) => sum + length, 0);
  return {
    text: isTool ? "" : contentText(asked.findLast((message) => message["role"] === "user")?.["content"]),
    toolResult: isTool ? contentText(last["content"]) : null,
    broken,
    promptCharacters,
    cachedCharacters: promptCharacters - (lengths.at(-1) ?? 0),
    attachments: objectsIn(last["content"]).filter((part) => part["type"] !== "text").length,
    maxOutputTokens: numberOf(body["max_completion_tokens"]) ?? numberOf(body["max_tokens"]),
    stopSequences: stringsIn(typeof body["stop"] === "string" ? [body["stop"]] : body["stop"]),
    tools: objectsIn(body["tools"]).flatMap((tool) =>
      isObject(tool["function"]) ? toTool(tool["function"]["name"], tool["function"]["parameters"]) : [],
    ),
    forcedTool: parseForcedTool(body["tool_choice"]),
    jsonSchema: parseJsonSchema(body["response_format"]),
    thinks: thinks(provider, body),
  };
}

function toUsage(provider: "openai" | "deepseek", { usage }: Answer): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    ...(provider === "deepseek"
      ? {
          prompt_cache_hit_tokens: usage.cachedTokens,
          prompt_cache_miss_tokens: usage.inputTokens - usage.cachedTokens,
        }
      : {}),
  };
}

function toEmbeddings(modelId: string, body: JsonObject): JsonObject | null {
  const input: unknown = body["input"];
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (!texts.every((text) => typeof text === "string" && text !== "")) return null;
  const vectors = texts.map((text) => toVector(textOf(text), numberOf(body["dimensions"])));
  const tokens = tokensOf(texts.reduce<number>((sum, text) => sum + textOf(text).length, 0));
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: body["encoding_format"] === "base64" ? toBase64(vector) : vector,
    })),
    model: modelId,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function firstDelta(event: JsonObject): JsonObject {
  const delta = objectsIn(event["choices"])[0]?.["delta"];
  return isObject(delta) ? delta : {};
}

function toError({ type, message }: ErrorSpec): JsonObject {
  return { error: { message, type, param: null, code: type } };
}

export function createOpenAiWire(provider: "openai" | "deepseek", displayName: string): ProviderWire {
  return {
    displayName,
    parseRoute(path) {
      if (path === "/v1/models") return { kind: "models", modelId: null, isStream: null, upstreamPath: "" };
      if (path === "/v1/embeddings" && provider === "openai") {
        return { kind: "embed", modelId: null, isStream: false, upstreamPath: "" };
      }
      if (path !== "/v1/chat/completions") return null;
      return { kind: "generate", modelId: null, isStream: null, upstreamPath: "/v1/chat/completions" };
    },
    findKey: (headers) => bearerOf(headers["authorization"]),
    parseQuestion: (body) => parseQuestion(provider, body),
    findRefusal: () => null,
    toError,
    toErrorEvent: (error) => `data: ${JSON.stringify(toError(error))}\n\n`,
    toModelList: () => ({
      object: "list",
      data: modelsOf(provider).map(({ id }) => ({
        id,
        object: "model",
        created: CREATED_AT_SECONDS,
        owned_by: provider,
      })),
    }),
    embed: toEmbeddings,
    cut: (event) => [event],
    enrich: (event, answer) =>
      isObject(event["usage"]) ? { ...event, usage: toUsage(provider, answer) } : event,
    isContent(event) {
      const delta = firstDelta(event);
      return (
        textOf(delta["content"]) !== "" || textOf(delta["reasoning_content"]) !== "" || "tool_calls" in delta
      );
    },
    isFinal: (event) => typeof objectsIn(event["choices"])[0]?.["finish_reason"] === "string",
  };
}
