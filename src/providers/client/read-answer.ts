/**
 * Asks a provider over fetch and reads its answer with the scanner of its wire: a stream of events, or one JSON object.
 * It opens, reads and closes; what the bytes mean is the scanner's. The same for every wire that we speak ourselves.
 */
import { UNKNOWN_USAGE } from "../../protocol/answer.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { ProviderFailure, ProviderFailureKind } from "../failure.ts";
import type { ModelEvent } from "../provider.ts";
import { toWellFormedJson } from "../well-formed-json.ts";
import type { WireScanner } from "../wire-scanner.ts";
import { BodyReader } from "./body-reader.ts";
import {
  classifyRefusal,
  releaseReader,
  toByteStream,
  toCancelledFailure,
  toSecrets,
  toUnreachableFailure,
} from "./fetch-function.ts";
import type { ConnectionOptions } from "./fetch-function.ts";
import type { StreamPace } from "./stream-pace.ts";

export interface StreamConnection extends ConnectionOptions {
  /** That of all streams of the isolate. */
  readonly pace: StreamPace;
}

export interface WireRequest {
  readonly url: string;
  /** Beside those for the content. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** The answer is wanted in one piece. */
  readonly isWhole: boolean;
}

type Batch = readonly ModelEvent[];

/** One batch for each network read; the last event of the last one is terminal. Never throws. */
export type AnswerBatches = AsyncGenerator<Batch, void, undefined>;

/** The answer of a call that cannot be made. */
export async function* failAtOnce(failure: ProviderFailure): AnswerBatches {
  yield [{ type: "fail", failure, usage: UNKNOWN_USAGE }];
}

interface Opened {
  readonly body: ReadableStream<Uint8Array>;
}

/** Sends the request; either the body of an answer or the failure that there is none. */
async function openBody(
  connection: ConnectionOptions,
  request: WireRequest,
  signal: AbortSignal,
): Promise<Opened | { failure: ProviderFailure }> {
  const expected = request.isWhole ? "application/json" : "text/event-stream";
  let response: Response;
  try {
    response = await connection.fetch(request.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: expected, ...request.headers },
      body: toWellFormedJson(request.body),
      // A redirect to another host would take the prompt along.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    return {
      failure: signal.aborted
        ? toCancelledFailure("connect", null)
        : toUnreachableFailure(error, toSecrets(connection)),
    };
  }
  if (!response.ok) {
    const failure = await classifyRefusal(response, connection);
    return { failure: signal.aborted ? toCancelledFailure("connect", response.status) : failure };
  }
  const contentType = response.headers.get("content-type");
  const isExpected = contentType === null || contentType.toLowerCase().startsWith(expected);
  if (response.body !== null && isExpected) return { body: toByteStream(response.body) };
  if (response.body !== null) releaseReader(response.body);
  const what = request.isWhole ? "JSON" : "event stream";
  const message = isExpected ? "the response has no body" : `the response is no ${what}`;
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

export async function* readAnswer(
  connection: StreamConnection,
  request: WireRequest,
  scanner: WireScanner,
  signal: AbortSignal,
): AnswerBatches {
  const opened = await openBody(connection, request, signal);
  if ("failure" in opened) {
    yield* failAtOnce(opened.failure);
    return;
  }
  const reader = request.isWhole
    ? new PlainReader(opened.body)
    : new BodyReader(opened.body, connection.pace, connection.nowMs);
  // Cancelling settles a read that waits; not every runtime does that by itself when the signal aborts.
  const stop = (): void => releaseReader(reader);
  signal.addEventListener("abort", stop, { once: true });
  // A signal that aborted before the listener was there does not call it.
  if (signal.aborted) stop();
  try {
    yield [{ type: "response-start" }];
    yield* request.isWhole ? readWhole(reader, scanner, signal) : scanBody(reader, scanner, signal);
  } finally {
    signal.removeEventListener("abort", stop);
    if (!scanner.hasFinished || signal.aborted) releaseReader(reader);
    else if (!request.isWhole) void readToEnd(reader);
  }
}

interface PieceReader {
  /** The next bytes; null at the end. Rejects when the connection has broken. */
  read(): Promise<Uint8Array | null>;
  cancel(): Promise<void>;
}

/** As it comes: nobody reads along of an answer in one piece, so it has no pace. */
class PlainReader implements PieceReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.reader = body.getReader();
  }

  async read(): Promise<Uint8Array | null> {
    const { done, value } = await this.reader.read();
    return done ? null : value;
  }

  cancel(): Promise<void> {
    return this.reader.cancel();
  }
}

/** Of an answer that comes in one piece; none of a model is longer. */
const MAX_WHOLE_BYTES = 16 * 1_048_576;

/** The answer of a call without a stream, and before it each read of its body: they show that it is still coming. */
async function* readWhole(reader: PieceReader, scanner: WireScanner, signal: AbortSignal): AnswerBatches {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let byteLength = 0;
  let isBlank = true;
  for (;;) {
    const piece = await readPiece(reader, signal);
    if ("failure" in piece) return yield scanner.breakOff(...piece.failure);
    const { bytes } = piece;
    byteLength += bytes?.byteLength ?? 0;
    if (byteLength > MAX_WHOLE_BYTES) return yield scanner.breakOff("malformed", "the answer is too long");
    let answer: unknown;
    try {
      const more = bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true });
      isBlank &&= more.trim() === "";
      text += more;
      if (bytes === null) answer = JSON.parse(text);
    } catch {
      // The bytes may be anything, a prompt too: they are not quoted.
      return yield scanner.breakOff("malformed", "the answer is not JSON in UTF-8");
    }
    if (bytes === null) return yield scanner.readWhole(answer);
    yield [{ type: "bytes", isBlank }];
  }
}

type Piece =
  { readonly bytes: Uint8Array | null } | { readonly failure: [kind: ProviderFailureKind, message: string] };

/** The next bytes, null at the end, or why there are none. */
async function readPiece(reader: PieceReader, signal: AbortSignal): Promise<Piece> {
  try {
    const bytes = await reader.read();
    return signal.aborted ? { failure: ["cancelled", "the caller cancelled"] } : { bytes };
  } catch (error) {
    if (signal.aborted) return { failure: ["cancelled", "the caller cancelled"] };
    return { failure: ["stream-reset", `the connection broke in mid-stream: ${toThrownMessage(error)}`] };
  }
}

/** What may stand behind the end of an answer, and come within so long; more is let go, and the connection with it. */
const MAX_READS_AFTER_END = 8;
const MAX_WAIT_AFTER_END_MS = 250;

/** Reads what is left of a finished stream, a few bytes as a rule, so that the connection can serve the next call. */
async function readToEnd(reader: PieceReader): Promise<void> {
  const timer = setTimeout(() => releaseReader(reader), MAX_WAIT_AFTER_END_MS);
  try {
    for (let reads = 0; reads < MAX_READS_AFTER_END; reads += 1) if ((await reader.read()) === null) return;
    releaseReader(reader);
  } catch {
    // The answer is whole; its connection just cannot be used again.
  } finally {
    clearTimeout(timer);
  }
}

async function* scanBody(reader: PieceReader, scanner: WireScanner, signal: AbortSignal): AnswerBatches {
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
  const ends = [...valid.matchAll(/\n\n|\r\n\r\n|\r\r/g)].at(-1);
  return ends === undefined ? "" : valid.slice(0, ends.index + ends[0].length);
}

async function readBatch(
  reader: PieceReader,
  scanner: WireScanner,
  decoder: TextDecoder,
  signal: AbortSignal,
): Promise<Batch> {
  const piece = await readPiece(reader, signal);
  if ("failure" in piece) return scanner.breakOff(...piece.failure);
  const { bytes } = piece;
  if (bytes === null) return scanner.end();
  let text: string;
  try {
    text = decoder.decode(bytes, { stream: true });
  } catch {
    return [
      ...scanner.feed(toWholeEvents(bytes)),
      ...scanner.breakOff("malformed", "the stream holds bytes that are not UTF-8"),
    ];
  }
  return scanner.feed(text);
}
