/**
 * The adapter of Anthropic's Messages API. A call in that wire's own words is sent as it was written; every other one is put
 * into them by the AI SDK, which is loaded with the first of them. The answers of both are read by the wire's scanner.
 * Rules PR110 to PR120, PR146.
 */
import { dropLateThinking, holdThoughts, toAnthropicCall } from "../anthropic-call.ts";
import { AnthropicScanner } from "../anthropic-scanner.ts";
import { toNative, type ModelCall, type NativeRequest, type Provider } from "../provider.ts";
import { foldAnthropicUsage } from "../token-usage.ts";
import { toAnthropicIds } from "./anthropic-call-ids.ts";
import { failUncarried, runWrittenBySdk } from "./ai-sdk-request.ts";
import { startStream } from "./eager-stream.ts";
import { pingModels, toSecrets } from "./fetch-function.ts";
import type { ConnectionOptions, FetchFunction } from "./fetch-function.ts";
import { readAnswer, type AnswerBatches, type StreamConnection } from "./read-answer.ts";
import { toSdkFetch } from "./sdk-fetch.ts";

const WIRE = "anthropic";
/** The version of the API that the AI SDK speaks as well. */
const API_VERSION = "2023-06-01";
/** The SDK insists on some key; without one the header is taken out again before the request leaves. */
const NO_KEY = "none";

function toHeaders({ apiKey }: ConnectionOptions): Record<string, string> {
  return { "anthropic-version": API_VERSION, ...(apiKey === null ? {} : { "x-api-key": apiKey }) };
}

function runNative(
  connection: StreamConnection,
  { modelId }: ModelCall,
  { body, stream }: NativeRequest,
  signal: AbortSignal,
): AnswerBatches {
  const request = {
    url: `${connection.baseUrl}/messages`,
    headers: toHeaders(connection),
    body: JSON.stringify({ ...dropLateThinking(body), model: modelId, stream }),
    isWhole: !stream,
  };
  return readAnswer(connection, request, new AnthropicScanner(toSecrets(connection), "native"), signal);
}

/** Where there are thoughts the body is written anew. */
function toHeldFetch({ maxOutputTokens, reasoningEffort }: ModelCall, fetch: FetchFunction): FetchFunction {
  if (reasoningEffort === undefined) return fetch;
  return (url, init) =>
    fetch(
      url,
      typeof init.body === "string" ? { ...init, body: holdThoughts(init.body, maxOutputTokens) } : init,
    );
}

export function createAnthropicProvider(connection: StreamConnection): Provider {
  const loadModel = async (modelId: string, fetch: FetchFunction) => {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic({
      baseURL: connection.baseUrl,
      apiKey: connection.apiKey ?? NO_KEY,
      fetch: toSdkFetch(fetch),
    })(modelId);
  };
  return {
    id: connection.id,
    nativeWire: WIRE,
    stream: (call, callerSignal) =>
      startStream((signal) => {
        const native = toNative(call, WIRE);
        if (native !== null) return runNative(connection, call, native, signal);
        const carried = toAnthropicCall(call);
        if (!carried.ok) return failUncarried(carried.error);
        const run = {
          connection,
          call: toAnthropicIds(carried.value),
          signal,
          foldUsage: foldAnthropicUsage,
        };
        const askedIn = call.wantsProofs === true ? "proven" : "neutral";
        return runWrittenBySdk(
          {
            ...run,
            hasExchange: true,
            loadModel: (modelId, fetch) => loadModel(modelId, toHeldFetch(call, fetch)),
          },
          () => new AnthropicScanner(toSecrets(connection), askedIn),
        );
      }, callerSignal),
    ping: (signal) => pingModels(connection, toHeaders(connection), signal),
  };
}
