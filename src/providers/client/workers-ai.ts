/**
 * The adapter of Workers AI, over the binding that only deployed environments have, through workers-ai-provider,
 * which is loaded with the first call.
 */
import type { Ai } from "@cloudflare/workers-types";
import type { ProviderId } from "../../base/id.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { Provider } from "../provider.ts";
import { runAiSdkStream } from "./ai-sdk-stream.ts";
import { startStream } from "./eager-stream.ts";
import { toCancelledFailure } from "./fetch-function.ts";
import type { ConnectionOptions } from "./fetch-function.ts";

export interface WorkersAiOptions {
  readonly id: ProviderId;
  readonly binding: Ai;
  readonly nowMs: () => number;
}

function toAborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  });
}

export function createWorkersAiProvider({ id, binding, nowMs }: WorkersAiOptions): Provider {
  const connection: ConnectionOptions = {
    id,
    baseUrl: "",
    apiKey: null,
    nowMs,
    // The binding is the connection: nothing here calls fetch.
    fetch: () => Promise.reject(new Error("Workers AI has no HTTP endpoint here")),
  };
  const loadModel = async (modelId: string) => {
    const { createWorkersAI } = await import("workers-ai-provider");
    return createWorkersAI({ binding })(modelId);
  };
  return {
    id,
    stream: (call, callerSignal) =>
      startStream(
        (signal) =>
          runAiSdkStream({ connection, call, signal, loadModel, foldUsage: null, hasExchange: false }),
        callerSignal,
      ),
    async ping(signal) {
      if (signal.aborted) return toCancelledFailure("connect", null);
      try {
        // The binding takes no signal: on an abort its answer is not waited for.
        const asked = await Promise.race([binding.models({ per_page: 1 }), toAborted(signal)]);
        return asked === "aborted" ? toCancelledFailure("connect", null) : null;
      } catch (error) {
        return {
          kind: "unreachable",
          phase: "connect",
          status: null,
          retryAfterMs: null,
          message: toThrownMessage(error),
        };
      }
    },
  };
}
