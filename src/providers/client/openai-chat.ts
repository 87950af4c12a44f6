/**
 * The adapter of the OpenAI Chat Completions wire over fetch: OpenAI, DeepSeek, Ollama and every compatible
 * endpoint. What the bytes mean is decided in openai-chat-scanner.ts.
 */
import { toOpenAiChatBody } from "../openai-chat-request.ts";
import { OpenAiChatScanner } from "../openai-chat-scanner.ts";
import type { ChatDialect } from "../provider-config.ts";
import { toNative, type ModelCall, type Provider } from "../provider.ts";
import { startStream } from "./eager-stream.ts";
import { pingModels, toSecrets } from "./fetch-function.ts";
import { failAtOnce, readAnswer, type AnswerBatches, type StreamConnection } from "./read-answer.ts";

export interface OpenAiChatOptions extends StreamConnection {
  readonly dialect: ChatDialect;
}

const WIRE = "openai-chat";

function toAuthorization(apiKey: string | null): Record<string, string> {
  return apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
}

function run(options: OpenAiChatOptions, call: ModelCall, signal: AbortSignal): AnswerBatches {
  const body = toOpenAiChatBody(call, options.dialect);
  if (!body.ok) {
    return failAtOnce({
      kind: "bad-request",
      phase: "connect",
      status: null,
      retryAfterMs: null,
      message: body.error,
    });
  }
  const native = toNative(call, WIRE);
  const request = {
    url: `${options.baseUrl}/chat/completions`,
    headers: toAuthorization(options.apiKey),
    body: JSON.stringify(body.value),
    isWhole: native?.stream === false,
  };
  return readAnswer(options, request, new OpenAiChatScanner(toSecrets(options), native !== null), signal);
}

/** A provider on the OpenAI chat wire. */
export function createOpenAiChatProvider(options: OpenAiChatOptions): Provider {
  return {
    id: options.id,
    nativeWire: WIRE,
    stream: (call, signal) => startStream((ownSignal) => run(options, call, ownSignal), signal),
    ping: (signal) => pingModels(options, toAuthorization(options.apiKey), signal),
  };
}
