/**
 * The adapter of Google's Gemini API. The AI SDK, which is loaded with the first call, puts it into the wire's words; the
 * answer is read by the wire's scanner. Rules PR120 to PR124.
 */
import { toGoogleCall } from "../google-call.ts";
import { GoogleScanner } from "../google-scanner.ts";
import type { Provider } from "../provider.ts";
import { foldGoogleUsage } from "../token-usage.ts";
import type { WireScanner } from "../wire-scanner.ts";
import { failUncarried, runWrittenBySdk } from "./ai-sdk-request.ts";
import { startStream } from "./eager-stream.ts";
import { pingModels, toSecrets, type FetchFunction } from "./fetch-function.ts";
import type { StreamConnection } from "./read-answer.ts";
import { toSdkFetch } from "./sdk-fetch.ts";

/** The SDK insists on some key; without one the header is taken out again before the request leaves. */
const NO_KEY = "none";

export function createGoogleProvider(connection: StreamConnection): Provider {
  const loadModel = async (modelId: string, fetch: FetchFunction) => {
    const { createGoogle } = await import("@ai-sdk/google");
    return createGoogle({
      baseURL: connection.baseUrl,
      apiKey: connection.apiKey ?? NO_KEY,
      fetch: toSdkFetch(fetch),
    })(modelId);
  };
  const openScanner = (): WireScanner => new GoogleScanner(toSecrets(connection), crypto.randomUUID());
  return {
    id: connection.id,
    stream: (call, callerSignal) =>
      startStream((signal) => {
        const carried = toGoogleCall(call);
        if (!carried.ok) return failUncarried(carried.error);
        const run = { connection, call: carried.value, signal, loadModel };
        return runWrittenBySdk({ ...run, foldUsage: foldGoogleUsage, hasExchange: true }, openScanner);
      }, callerSignal),
    ping: (signal) =>
      pingModels(
        connection,
        connection.apiKey === null ? {} : { "x-goog-api-key": connection.apiKey },
        signal,
      ),
  };
}
