/**
 * The adapter of the OpenAI Chat Completions wire over fetch: OpenAI, DeepSeek, Ollama and every compatible
 * endpoint. It opens, reads and closes; what the bytes mean is decided in openai-chat-scanner.ts.
 */
import { UNKNOWN_USAGE } from "../../protocol/answer.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { ProviderFailure } from "../failure.ts";
import { toOpenAiChatBody } from "../openai-chat-request.ts";
import { OpenAiChatScanner } from "../openai-chat-scanner.ts";
import type { ChatDialect } from "../provider-config.ts";
import type { ModelCall, ModelEvent, Provider } from "../provider.ts";
import { startStream } from "./eager-stream.ts";
import {
  classifyRefusal,
  pingModels,
  releaseReader,
  toCancelledFailure,
  toSecrets,
  toUnreachableFailure,
  toByteStream,
} from "./fetch-function.ts";
import type { ConnectionOptions } from "./fetch-function.ts";

export interface OpenAiChatOptions extends ConnectionOptions {
  readonly dialect: ChatDialect;
}

type Batch = readonly ModelEvent[];

function toFailBatch(failure: ProviderFailure): Batch {
  return [{ type: "fail", failure, usage: UNKNOWN_USAGE }];
}

function toAuthorization(apiKey: string | null): Record<string, string> {
  return apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
}

/** Sends the request; either the body of a stream or the failure that there is none. */
async function openStream(
  options: OpenAiChatOptions,
  call: ModelCall,
  signal: AbortSignal,
): Promise<{ body: ReadableStream<Uint8Array> } | { failure: ProviderFailure }> {
  const body = toOpenAiChatBody(call, options.dialect);
  if (!body.ok) {
    return {
      failure: {
        kind: "bad-request",
        phase: "connect",
        status: null,
        retryAfterMs: null,
        message: body.error,
      },
    };
  }
  let response: Response;
  try {
    response = await options.fetch(`${options.baseUrl}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...toAuthorization(options.apiKey),
      },
      body: JSON.stringify(body.value),
      // A redirect to another host would take the prompt along.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    return {
      failure: signal.aborted
        ? toCancelledFailure("connect", null)
        : toUnreachableFailure(error, toSecrets(options)),
    };
  }
  if (!response.ok) {
    const failure = await classifyRefusal(response, options);
    return { failure: signal.aborted ? toCancelledFailure("connect", response.status) : failure };
  }
  const contentType = response.headers.get("content-type");
  const isStream = contentType === null || contentType.toLowerCase().startsWith("text/event-stream");
  if (response.body !== null && isStream) return { body: toByteStream(response.body) };
  if (response.body !== null) releaseReader(response.body);
  const message = isStream ? "the response has no body" : "the response is no event stream";
  return {
    failure: {
      kind: "malformed",
      phase: "first-token",
      status: response.status,
      retryAfterMs: null,
      message,
    },
  };
}

async function* readStream(
  options: OpenAiChatOptions,
  call: ModelCall,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const opened = await openStream(options, call, signal);
  if ("failure" in opened) {
    yield toFailBatch(opened.failure);
    return;
  }
  const reader = opened.body.getReader();
  // Cancelling settles a read that waits; not every runtime does that by itself when the signal aborts.
  const stop = (): void => releaseReader(reader);
  signal.addEventListener("abort", stop, { once: true });
  // A signal that aborted before the listener was there does not call it.
  if (signal.aborted) stop();
  const scanner = new OpenAiChatScanner(toSecrets(options));
  try {
    yield [{ type: "response-start" }];
    yield* scanBody(reader, scanner, signal);
  } finally {
    signal.removeEventListener("abort", stop);
    if (scanner.hasFinished && !signal.aborted) void readToEnd(reader);
    else releaseReader(reader);
  }
}

/** What may stand behind the end of an answer, and come within so long; more is let go, and the connection with it. */
const MAX_READS_AFTER_END = 8;
const MAX_WAIT_AFTER_END_MS = 250;

/** Reads what is left of a finished stream, a few bytes as a rule, so that the connection can serve the next call. */
async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => releaseReader(reader), MAX_WAIT_AFTER_END_MS);
  try {
    for (let reads = 0; reads < MAX_READS_AFTER_END; reads += 1) if ((await reader.read()).done) return;
    releaseReader(reader);
  } catch {
    // The answer is whole; its connection just cannot be used again.
  } finally {
    clearTimeout(timer);
  }
}

async function* scanBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  scanner: OpenAiChatScanner,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  // `fatal`: bytes that are no text are a fault to be named, not question marks in somebody's answer.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  while (!scanner.hasEnded) {
    const batch = await readBatch(reader, scanner, decoder, signal);
    if (batch.length > 0) yield batch;
  }
}

/** The events in front of bytes that are no text: a reader may have them. */
function toWholeEvents(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const valid = text.slice(0, text.indexOf("\u{fffd}"));
  return valid.includes("\n\n") ? valid.slice(0, valid.lastIndexOf("\n\n") + 2) : "";
}

async function readBatch(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  scanner: OpenAiChatScanner,
  decoder: TextDecoder,
  signal: AbortSignal,
): Promise<Batch> {
  let read: { done: boolean; value?: Uint8Array | undefined };
  try {
    read = await reader.read();
  } catch (error) {
    if (signal.aborted) return scanner.breakOff("cancelled", "the caller cancelled");
    return scanner.breakOff("stream-reset", `the connection broke in mid-stream: ${toThrownMessage(error)}`);
  }
  if (signal.aborted) return scanner.breakOff("cancelled", "the caller cancelled");
  if (read.done || read.value === undefined) return scanner.end();
  let text: string;
  try {
    text = decoder.decode(read.value, { stream: true });
  } catch {
    return [
      ...scanner.feed(toWholeEvents(read.value)),
      ...scanner.breakOff("malformed", "the stream holds bytes that are not UTF-8"),
    ];
  }
  return scanner.feed(text);
}

/** A provider on the OpenAI chat wire. */
export function createOpenAiChatProvider(options: OpenAiChatOptions): Provider {
  return {
    id: options.id,
    stream: (call, signal) => startStream((ownSignal) => readStream(options, call, ownSignal), signal),
    ping: (signal) => pingModels(options, toAuthorization(options.apiKey), signal),
  };
}
