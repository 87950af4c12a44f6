/** The adapter of Anthropic's Messages API, through the AI SDK, which is loaded with the first call. */
import type { Provider } from "../provider.ts";
import { foldAnthropicUsage } from "../token-usage.ts";
import { runAiSdkStream } from "./ai-sdk-stream.ts";
import { startStream } from "./eager-stream.ts";
import { pingModels } from "./fetch-function.ts";
import type { ConnectionOptions, FetchFunction } from "./fetch-function.ts";
import { toSdkFetch } from "./sdk-fetch.ts";

/** The version of the API that the AI SDK speaks as well. */
const API_VERSION = "2023-06-01";
/** The SDK insists on some key; without one the header is taken out again before the request leaves. */
const NO_KEY = "none";

export function createAnthropicProvider(connection: ConnectionOptions): Provider {
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
    stream: (call, callerSignal) =>
      startStream(
        (signal) =>
          runAiSdkStream({
            connection,
            call,
            signal,
            loadModel,
            foldUsage: foldAnthropicUsage,
            hasExchange: true,
          }),
        callerSignal,
      ),
    ping: (signal) =>
      pingModels(
        connection,
        {
          "anthropic-version": API_VERSION,
          ...(connection.apiKey === null ? {} : { "x-api-key": connection.apiKey }),
        },
        signal,
      ),
  };
}
