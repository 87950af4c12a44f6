/**
 * Runs one call of an AI SDK model and turns whatever comes of it, parts, rejections, resets, into model events.
 * The SDK's errors look alike before, at and after the headers, so the fetch it is given is watched: what was seen
 * there decides, not the class of the error. Rules PR1 to PR9.
 */
import { APICallError } from "@ai-sdk/provider";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { UNKNOWN_USAGE } from "../../protocol/answer.ts";
import { AiSdkPartReader } from "../ai-sdk-parts.ts";
import type { FoldUsage } from "../ai-sdk-parts.ts";
import { classifyResponse } from "../classify-response.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { ProviderFailure } from "../failure.ts";
import type { ModelCall, ModelEvent } from "../provider.ts";
import { releaseReader, toCancelledFailure, toSecrets, toUnreachableFailure } from "./fetch-function.ts";
import type { ConnectionOptions, FetchFunction } from "./fetch-function.ts";

type Batch = readonly ModelEvent[];

/** What was seen of one call's HTTP exchange. */
export interface Exchange {
  status: number | null;
  isEventStream: boolean;
  /** What fetch rejected with; null when it did not. */
  refusal: { readonly error: unknown } | null;
}

export interface AiSdkCall {
  readonly connection: ConnectionOptions;
  readonly call: ModelCall;
  readonly signal: AbortSignal;
  /** Loads the SDK and makes the model, with the fetch that it is to use. */
  readonly loadModel: (modelId: string, fetch: FetchFunction) => Promise<LanguageModelV4>;
  readonly foldUsage: FoldUsage | null;
  /** False for a binding, which makes no HTTP exchange that could be watched. */
  readonly hasExchange: boolean;
}

/** A seam call in the SDK's shape. */
export function toCallOptions(call: ModelCall, signal: AbortSignal): LanguageModelV4CallOptions {
  const { responseFormat } = call;
  return {
    prompt: call.prompt,
    abortSignal: signal,
    includeRawChunks: true,
    ...(call.maxOutputTokens === undefined ? {} : { maxOutputTokens: call.maxOutputTokens }),
    ...(call.temperature === undefined ? {} : { temperature: call.temperature }),
    ...(call.topP === undefined ? {} : { topP: call.topP }),
    ...(call.topK === undefined ? {} : { topK: call.topK }),
    ...(call.presencePenalty === undefined ? {} : { presencePenalty: call.presencePenalty }),
    ...(call.frequencyPenalty === undefined ? {} : { frequencyPenalty: call.frequencyPenalty }),
    ...(call.seed === undefined ? {} : { seed: call.seed }),
    ...(call.stopSequences === undefined ? {} : { stopSequences: [...call.stopSequences] }),
    ...(call.tools === undefined ? {} : { tools: [...call.tools] }),
    ...(call.toolChoice === undefined ? {} : { toolChoice: call.toolChoice }),
    ...(call.reasoningEffort === undefined ? {} : { reasoning: call.reasoningEffort }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
  };
}

/** The headers as the SDK wrote them. It insists on some key: without one of ours nobody is told a made-up one. */
export function toSentHeaders({ apiKey }: ConnectionOptions, init: RequestInit): Headers {
  const headers = new Headers(init.headers);
  if (apiKey === null) {
    headers.delete("x-api-key");
    headers.delete("x-goog-api-key");
  }
  return headers;
}

/** Wraps the fetch so that the exchange is seen, no redirect is followed, and a missing key is really missing. */
function watchFetch(connection: ConnectionOptions, exchange: Exchange, onHeaders: () => void): FetchFunction {
  return async (url, init) => {
    const headers = toSentHeaders(connection, init);
    try {
      const response = await connection.fetch(url, { ...init, headers, redirect: "manual" });
      exchange.status = response.status;
      const contentType = response.headers.get("content-type");
      exchange.isEventStream =
        contentType === null || contentType.toLowerCase().startsWith("text/event-stream");
      return response;
    } catch (error) {
      exchange.refusal = { error };
      throw error;
    } finally {
      onHeaders();
    }
  };
}

function isGood(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** `doStream` rejected: before the headers, with a bad status, or (Anthropic looks ahead) in the stream's first event. */
export function classifyRejection(error: unknown, exchange: Exchange, run: AiSdkCall): ProviderFailure {
  const { connection, signal } = run;
  const secrets = toSecrets(connection);
  if (signal.aborted)
    return toCancelledFailure(isGood(exchange.status) ? "first-token" : "connect", exchange.status);
  if (exchange.refusal !== null) return toUnreachableFailure(exchange.refusal.error, secrets);
  const apiError = APICallError.isInstance(error) ? error : null;
  const status = exchange.status ?? apiError?.statusCode ?? null;
  if (!isGood(exchange.status) && status !== null && !isGood(status)) {
    return classifyResponse({
      status,
      headers: new Headers(apiError?.responseHeaders ?? {}),
      body: apiError?.responseBody ?? "",
      nowMs: connection.nowMs(),
      secrets,
    });
  }
  const message = toThrownMessage(error, secrets);
  if (exchange.status === null && run.hasExchange) {
    // Nothing was sent: the SDK could not put this call into its provider's shape.
    return { kind: "bad-request", phase: "connect", status: null, retryAfterMs: null, message };
  }
  if (exchange.status === null)
    return { kind: "unreachable", phase: "connect", status: null, retryAfterMs: null, message };
  // An error in the first event of a 200 is given the status it would have had; the connection's own end has 200.
  const kind =
    apiError === null ? "malformed" : isGood(apiError.statusCode ?? null) ? "stream-reset" : "stream-error";
  return { kind, phase: "first-token", status: exchange.status, retryAfterMs: null, message };
}

/** A promise for the moment the signal aborts, and what takes its listener away again. */
function watchAbort(signal: AbortSignal): {
  readonly aborted: Promise<"aborted">;
  readonly unwatch: () => void;
} {
  let onAbort: () => void = () => {};
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { aborted, unwatch: () => signal.removeEventListener("abort", onAbort) };
}

type Opened = { readonly stream: ReadableStream<LanguageModelV4StreamPart> } | { readonly error: unknown };

async function openModel(run: AiSdkCall, fetch: FetchFunction): Promise<Opened> {
  try {
    const model = await run.loadModel(run.call.modelId, fetch);
    const { stream } = await model.doStream(toCallOptions(run.call, run.signal));
    return { stream };
  } catch (error) {
    return { error };
  }
}

/** The generator of a call; it never throws. Meant for `startStream`. */
export async function* runAiSdkStream(run: AiSdkCall): AsyncGenerator<Batch, void, undefined> {
  const exchange: Exchange = { status: null, isEventStream: true, refusal: null };
  const { aborted, unwatch } = watchAbort(run.signal);
  let onHeaders: () => void = () => {};
  const headersSeen = new Promise<void>((resolve) => {
    onHeaders = resolve;
  });
  const opening = openModel(run, watchFetch(run.connection, exchange, onHeaders));
  try {
    await Promise.race([headersSeen, opening, aborted]);
    const hasResponse = isGood(exchange.status) && exchange.isEventStream && !run.signal.aborted;
    if (hasResponse) yield [{ type: "response-start" }];
    const opened = await Promise.race([opening, aborted]);
    if (opened === "aborted" || "error" in opened) {
      const error = opened === "aborted" ? null : opened.error;
      yield [{ type: "fail", failure: classifyRejection(error, exchange, run), usage: UNKNOWN_USAGE }];
      return;
    }
    if (!exchange.isEventStream) {
      const message = "the response is no event stream";
      const failure = {
        kind: "malformed",
        phase: "first-token",
        status: exchange.status,
        retryAfterMs: null,
        message,
      } as const;
      yield [{ type: "fail", failure, usage: UNKNOWN_USAGE }];
      return;
    }
    // A binding shows no headers: its stream is its answer.
    if (!hasResponse) yield [{ type: "response-start" }];
    yield* readParts(opened.stream, run, aborted);
  } finally {
    unwatch();
    // A model that opens after everybody left still has to be let go.
    void opening.then((opened) => {
      if ("stream" in opened && !opened.stream.locked) releaseReader(opened.stream);
    });
  }
}

async function* readParts(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  run: AiSdkCall,
  aborted: Promise<"aborted">,
): AsyncGenerator<Batch, void, undefined> {
  const reader = stream.getReader();
  const parts = new AiSdkPartReader(run.foldUsage, toSecrets(run.connection), run.call.wantsProofs);
  try {
    while (!parts.hasEnded) {
      const batch = await readBatch(reader, parts, run.signal, aborted);
      if (batch.length > 0) yield batch;
    }
  } finally {
    releaseReader(reader);
  }
}

async function readBatch(
  reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>,
  parts: AiSdkPartReader,
  signal: AbortSignal,
  aborted: Promise<"aborted">,
): Promise<Batch> {
  try {
    const read = await Promise.race([reader.read(), aborted]);
    // The SDK dresses an abort up as a failed call with status 200: our own signal is asked first.
    if (read === "aborted" || signal.aborted) return parts.fail("cancelled", "the caller cancelled");
    return read.done ? parts.end() : parts.read(read.value);
  } catch (error) {
    if (signal.aborted) return parts.fail("cancelled", "the caller cancelled");
    return parts.fail("stream-reset", `the connection broke in mid-stream: ${toThrownMessage(error)}`);
  }
}
