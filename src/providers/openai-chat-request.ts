/** The neutral call as a body of the OpenAI Chat Completions wire, in the dialect of whoever speaks it. Rules PR50 to PR52 and PR63. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { isObject } from "./is-object.ts";
import type { ChatDialect } from "./provider-config.ts";
import { toNative, type ModelCall } from "./provider.ts";

type Json = Record<string, unknown>;

/** A prompt that this wire cannot carry; routing may try another provider. */
class UnsupportedPart extends Error {}

/** The media type as far as the wire needs it: `image/*` and `image` are sent as PNG, which decoders sniff anyway. */
function toImageType(mediaType: string): string {
  return mediaType === "image" || mediaType === "image/*" ? "image/png" : mediaType;
}

/** `btoa` wants one character for each byte; chunks keep the argument list short. */
function toBase64(bytes: Uint8Array): string {
  const CHUNK = 0x8000;
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

function toFilePart(part: LanguageModelV4FilePart): Json {
  const { data, mediaType } = part;
  if (data.type === "text") return { type: "text", text: data.text };
  if (data.type === "reference") throw new UnsupportedPart("a file kept at another provider");
  const isImage = mediaType === "image" || mediaType.startsWith("image/");
  const detail = part.providerOptions?.["openai"]?.["imageDetail"];
  const detailed = detail === undefined ? {} : { detail };
  if (data.type === "url") {
    if (!isImage) throw new UnsupportedPart(`a file of type ${mediaType} by URL`);
    return { type: "image_url", image_url: { url: data.url.toString(), ...detailed } };
  }
  const base64 = typeof data.data === "string" ? data.data : toBase64(data.data);
  if (isImage) {
    const url = `data:${toImageType(mediaType)};base64,${base64}`;
    return { type: "image_url", image_url: { url, ...detailed } };
  }
  if (mediaType === "application/pdf") {
    return {
      type: "file",
      file: { filename: part.filename ?? "document.pdf", file_data: `data:${mediaType};base64,${base64}` },
    };
  }
  throw new UnsupportedPart(`a file of type ${mediaType}`);
}

function toToolOutput({ output }: LanguageModelV4ToolResultPart): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "execution-denied":
      return output.reason ?? "The call was not allowed.";
    case "json":
    case "error-json":
      return JSON.stringify(output.value);
    case "content":
      return output.value.map(toToldPart).join("\n");
  }
}

type ResultPart = Extract<LanguageModelV4ToolResultPart["output"], { type: "content" }>["value"][number];

function toToldPart(part: ResultPart): string {
  if (part.type === "text") return part.text;
  return part.type === "file" ? TOLD_FILE : JSON.stringify(part);
}

/** Stands in a tool's result for a file, which this wire takes from users only. */
const TOLD_FILE = "[The file is in the next message.]";

/** The files of tools' results as a message of the user's; none when there are none. */
function toResultFiles(parts: readonly LanguageModelV4ToolResultPart[]): Json[] {
  const content = parts.flatMap(({ output }) =>
    output.type === "content"
      ? output.value.flatMap((part) => (part.type === "file" ? [toFilePart(part)] : []))
      : [],
  );
  return content.length === 0 ? [] : [{ role: "user", content }];
}

function toAssistantMessage(
  message: Extract<LanguageModelV4Message, { role: "assistant" }>,
  dialect: ChatDialect,
): Json {
  let text = "";
  let reasoning = "";
  const toolCalls: Json[] = [];
  for (const part of message.content) {
    if (part.type === "text") text += part.text;
    else if (part.type === "reasoning") reasoning += part.text;
    else if (part.type === "tool-call") {
      const input = typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {});
      toolCalls.push({
        id: part.toolCallId,
        type: "function",
        function: { name: part.toolName, arguments: input },
      });
    }
    // Other parts are another provider's own bookkeeping: this wire has no place for them and the answer no need.
  }
  return {
    role: "assistant",
    content: text === "" && toolCalls.length > 0 ? null : text,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    // DeepSeek wants its own thoughts back only in the middle of a tool round; elsewhere it refuses nothing.
    ...(dialect === "deepseek" && toolCalls.length > 0 && reasoning !== ""
      ? { reasoning_content: reasoning }
      : {}),
  };
}

function toMessages(call: ModelCall, dialect: ChatDialect): Json[] {
  return call.prompt.flatMap((message): Json[] => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }];
      case "user": {
        const [only] = message.content;
        const name = message.providerOptions?.["openai"]?.["name"];
        const named = name === undefined ? {} : { name };
        // Plain text stays a plain string: every compatible server takes that, not every one takes parts.
        if (message.content.length === 1 && only?.type === "text")
          return [{ role: "user", content: only.text, ...named }];
        return [
          {
            role: "user",
            ...named,
            content: message.content.map((part) =>
              part.type === "text" ? { type: "text", text: part.text } : toFilePart(part),
            ),
          },
        ];
      }
      case "assistant":
        return [toAssistantMessage(message, dialect)];
      case "tool": {
        const results = message.content.filter((part) => part.type === "tool-result");
        return [
          ...results.map((part) => ({
            role: "tool",
            tool_call_id: part.toolCallId,
            content: toToolOutput(part),
          })),
          ...toResultFiles(results),
        ];
      }
    }
  });
}

function toToolFields(call: ModelCall): Json {
  if (call.tools === undefined || call.tools.length === 0) return {};
  const choice = call.toolChoice;
  return {
    tools: call.tools.map((tool) => ({
      type: "function",
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        parameters: tool.inputSchema,
        ...(tool.strict === undefined ? {} : { strict: tool.strict }),
      },
    })),
    ...(choice === undefined
      ? {}
      : {
          tool_choice:
            choice.type === "tool" ? { type: "function", function: { name: choice.toolName } } : choice.type,
        }),
  };
}

function toResponseFormat(call: ModelCall, dialect: ChatDialect): Json {
  const format = call.responseFormat;
  if (format === undefined || format.type === "text") return {};
  // DeepSeek knows JSON mode but no schemas: it is told in words (`toFormatMessage`).
  if (format.schema === undefined || dialect === "deepseek")
    return { response_format: { type: "json_object" } };
  const { name = "response", description, schema, strict } = format;
  return {
    response_format: {
      type: "json_schema",
      json_schema: {
        name,
        ...(description === undefined ? {} : { description }),
        schema,
        ...(strict === undefined ? {} : { strict }),
      },
    },
  };
}

/** The schema in words, where the wire has no place for it. */
function toFormatMessage({ responseFormat: format }: ModelCall, dialect: ChatDialect): Json[] {
  if (dialect !== "deepseek" || format?.type !== "json" || format.schema === undefined) return [];
  const schema = JSON.stringify(format.schema);
  return [
    {
      role: "system",
      content: `Answer with one JSON object that fits this JSON Schema, and with nothing else: ${schema}`,
    },
  ];
}

/** OpenAI and DeepSeek have no such field; the servers that people run themselves mostly have. */
function toTopK({ topK }: ModelCall, dialect: ChatDialect): Json {
  if (topK === undefined) return {};
  if (dialect !== "compatible") throw new UnsupportedPart("top_k");
  return { top_k: topK };
}

function toEffort(call: ModelCall, dialect: ChatDialect): Json {
  if (call.reasoningEffort === undefined) return {};
  // DeepSeek switches thinking on and off and has no steps.
  if (dialect === "deepseek") {
    return { thinking: { type: call.reasoningEffort === "none" ? "disabled" : "enabled" } };
  }
  return { reasoning_effort: call.reasoningEffort };
}

/** Builds the body, or says in a sentence which part of the prompt this wire cannot carry. */
export function toOpenAiChatBody(call: ModelCall, dialect: ChatDialect): Result<Json, string> {
  const native = toNative(call, "openai-chat");
  if (native === null) return toTranslatedBody(call, dialect);
  const own = {
    model: call.modelId,
    ...(native.stream
      ? { stream: true, stream_options: { include_usage: true } }
      : { stream: false, stream_options: undefined }),
  };
  // OpenAI takes what OpenAI's clients write; its relatives know some fields by other names.
  if (dialect === "openai") return succeed(toOwnBody(native.body, own));
  const translated = toTranslatedBody(call, dialect);
  if (!translated.ok) return translated;
  const fields = native.onlyHere.map((name): [string, unknown] => [name, native.body[name]]);
  return succeed({ ...translated.value, ...Object.fromEntries(fields), ...own });
}

/** As its caller wrote it, but for a name that OpenAI's newer models refuse, and the counts, which we need. */
function toOwnBody({ max_tokens: oldLimit, ...body }: Json, own: Json): Json {
  const { stream_options: asked } = body;
  return {
    ...(oldLimit == null ? {} : { max_completion_tokens: oldLimit }),
    ...body,
    ...own,
    ...(own["stream"] === true && isObject(asked)
      ? { stream_options: { ...asked, include_usage: true } }
      : {}),
  };
}

function toTranslatedBody(call: ModelCall, dialect: ChatDialect): Result<Json, string> {
  try {
    return succeed({
      model: call.modelId,
      messages: [...toFormatMessage(call, dialect), ...toMessages(call, dialect)],
      stream: true,
      stream_options: { include_usage: true },
      ...(call.maxOutputTokens === undefined
        ? {}
        : // OpenAI's reasoning models refuse the old name, most others do not know the new one.
          { [dialect === "openai" ? "max_completion_tokens" : "max_tokens"]: call.maxOutputTokens }),
      ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
      ...(call.topP === undefined ? {} : { top_p: call.topP }),
      ...toTopK(call, dialect),
      ...(call.presencePenalty === undefined ? {} : { presence_penalty: call.presencePenalty }),
      ...(call.frequencyPenalty === undefined ? {} : { frequency_penalty: call.frequencyPenalty }),
      ...(call.seed === undefined ? {} : { seed: call.seed }),
      ...(call.stopSequences === undefined || call.stopSequences.length === 0
        ? {}
        : { stop: call.stopSequences }),
      ...toToolFields(call),
      ...toResponseFormat(call, dialect),
      ...toEffort(call, dialect),
    });
  } catch (error) {
    if (error instanceof UnsupportedPart) return fail(`this provider's wire cannot carry ${error.message}`);
    throw error;
  }
}
