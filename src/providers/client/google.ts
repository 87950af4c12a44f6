/** The adapter of Google's Gemini API, through the AI SDK, which is loaded with the first call. */
import type { Provider } from "../provider.ts";
import { foldGoogleUsage } from "../token-usage.ts";
import { runAiSdkStream } from "./ai-sdk-stream.ts";
import { startStream } from "./eager-stream.ts";
import { pingModels } from "./fetch-function.ts";
import type { ConnectionOptions, FetchFunction } from "./fetch-function.ts";
import { toSdkFetch } from "./sdk-fetch.ts";

/** The SDK insists on some key; without one the header is taken out again before the request leaves. */
const NO_KEY = "none";

export function createGoogleProvider(connection: ConnectionOptions): Provider {
  const loadModel = async (modelId: string, fetch: FetchFunction) => {
    const { createGoogle } = await import("@ai-sdk/google");
    return createGoogle({
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
            foldUsage: foldGoogleUsage,
            hasExchange: true,
          }),
        callerSignal,
      ),
    ping: (signal) =>
      pingModels(
        connection,
        connection.apiKey === null ? {} : { "x-goog-api-key": connection.apiKey },
        signal,
      ),
  };
}
