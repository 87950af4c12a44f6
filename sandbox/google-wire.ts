/** Google's Gemini wire. */
import type { Answer } from "./answer.ts";
import { splitBrokenAnswer } from "./broken-answer.ts";
import { toVector } from "./embed-text.ts";
import { toCallPieces } from "./google-call-pieces.ts";
import {
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

/** As Google itself has it. */
const MAX_TEXTS_PER_BATCH = 100;

function partsText(content: unknown): string {
  if (!isObject(content)) return "";
  return objectsIn(content["parts"])
    .map((part) => textOf(part["text"]))
    .join("");
}

function parseForcedTool(toolConfig: unknown): string | null {
  const config = isObject(toolConfig) ? toolConfig["functionCallingConfig"] : null;
  if (!isObject(config) || config["mode"] !== "ANY") return null;
  const names = config["allowedFunctionNames"];
  return (Array.isArray(names) ? textOf(names[0]) : "") || "any";
}

function parseQuestion(body: JsonObject): Omit<Question, "modelId"> {
  const contents = objectsIn(body["contents"]);
  const { asked, broken } = splitBrokenAnswer(contents, { assistantRole: "model", textOf: partsText });
  const last = asked.at(-1) ?? {};
  const results = objectsIn(last["parts"]).filter((part) => isObject(part["functionResponse"]));
  const config = isObject(body["generationConfig"]) ? body["generationConfig"] : {};
  const thinking = isObject(config["thinkingConfig"]) ? config["thinkingConfig"] : null;
  const schema = config["responseSchema"] ?? config["responseJsonSchema"];
  const promptCharacters =
    partsText(body["systemInstruction"]).length +
    contents.reduce((sum, content) => sum + partsText(content).length, 0);
  return {
    text: results.length > 0 ? "" : partsText(last),
    toolResult: results.length > 0 ? JSON.stringify(results.map((part) => part["functionResponse"])) : null,
    broken,
    promptCharacters,
    cachedCharacters: promptCharacters - partsText(contents.at(-1)).length,
    attachments: objectsIn(last["parts"]).filter((part) => "inlineData" in part || "fileData" in part).length,
    maxOutputTokens: numberOf(config["maxOutputTokens"]),
    stopSequences: stringsIn(config["stopSequences"]),
    tools: objectsIn(body["tools"]).flatMap((tool) =>
      objectsIn(tool["functionDeclarations"]).flatMap((declared) =>
        toTool(declared["name"], declared["parameters"] ?? declared["parametersJsonSchema"]),
      ),
    ),
    forcedTool: parseForcedTool(body["toolConfig"]),
    jsonSchema: config["responseMimeType"] === "application/json" ? (isObject(schema) ? schema : {}) : null,
    thinks: thinking !== null && thinking["thinkingBudget"] !== 0 && thinking["thinkingLevel"] !== "minimal",
  };
}

/** Google counts thoughts beside the answer. */
function toUsage({ usage }: Answer, isFinal: boolean): JsonObject {
  // Every event says how long the prompt was, so that an answer that breaks off can be billed for it.
  if (!isFinal)
    return {
      promptTokenCount: usage.inputTokens,
      cachedContentTokenCount: usage.cachedTokens,
      totalTokenCount: usage.inputTokens,
    };
  return {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens - usage.reasoningTokens,
    thoughtsTokenCount: usage.reasoningTokens,
    cachedContentTokenCount: usage.cachedTokens,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
  };
}

function toError({ status, type, message }: ErrorSpec): JsonObject {
  return { error: { code: status, message, status: type } };
}

function toEmbeddings(_modelId: string, body: JsonObject): JsonObject | null {
  const requests = objectsIn(body["requests"]);
  if (requests.length === 0 || requests.length > MAX_TEXTS_PER_BATCH) return null;
  return {
    embeddings: requests.map((request) => ({
      values: toVector(partsText(request["content"]), numberOf(request["outputDimensionality"])),
    })),
  };
}

export const GOOGLE_WIRE: ProviderWire = {
  displayName: "Google",
  parseRoute(path) {
    if (path === "/v1beta/models") return { kind: "models", modelId: null, isStream: null, upstreamPath: "" };
    const embedding = /^\/v1beta\/models\/([^/:]+):batchEmbedContents$/.exec(path)?.[1];
    if (embedding !== undefined) {
      const modelId = decodeURIComponent(embedding);
      return { kind: "embed", modelId, isStream: false, upstreamPath: "" };
    }
    const match = /^\/v1beta\/models\/([^/:]+):(streamGenerateContent|generateContent)$/.exec(path);
    if (match?.[1] === undefined) return null;
    const isStream = match[2] === "streamGenerateContent";
    return {
      kind: "generate",
      modelId: decodeURIComponent(match[1]),
      isStream,
      upstreamPath: `${path}${isStream ? "?alt=sse" : ""}`,
    };
  },
  findKey: (headers, query) => headerOf(headers["x-goog-api-key"]) ?? headerOf(query.get("key") ?? undefined),
  parseQuestion,
  findRefusal: () => null,
  toError,
  toErrorEvent: (error) => `data: ${JSON.stringify(toError(error))}\n\n`,
  toModelList: () => ({
    models: modelsOf("google").map(({ id, displayName }) => ({
      name: `models/${id}`,
      displayName,
      supportedGenerationMethods: ["generateContent"],
    })),
  }),
  embed: toEmbeddings,
  cut: toCallPieces,
  enrich(event, answer) {
    const candidates = objectsIn(event["candidates"]).map((candidate) =>
      // aimock says FUNCTION_CALL; Google says STOP also after a call.
      candidate["finishReason"] === "FUNCTION_CALL" ? { ...candidate, finishReason: "STOP" } : candidate,
    );
    if (candidates.length === 0) return event;
    return { ...event, candidates, usageMetadata: toUsage(answer, "usageMetadata" in event) };
  },
  isContent: (event) => objectsIn(event["candidates"]).some((candidate) => isObject(candidate["content"])),
  isFinal: (event) =>
    objectsIn(event["candidates"]).some((candidate) => typeof candidate["finishReason"] === "string"),
};
