/** The fetch that adapters are given, and what they share around it: connection data, redirects, limited bodies, pings. */
import type { ProviderId } from "../../base/id.ts";
import { classifyResponse } from "../classify-response.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { ProviderFailure } from "../failure.ts";

/** `globalThis.fetch` fits; a test passes its own. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

export interface ConnectionOptions {
  readonly id: ProviderId;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly fetch: FetchFunction;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
}

/** Errors are a few hundred bytes; of an HTML page this much is enough. */
const MAX_ERROR_BODY_BYTES = 16_384;

export function toSecrets(connection: ConnectionOptions): readonly string[] {
  return connection.apiKey === null ? [] : [connection.apiKey];
}

export function toCancelledFailure(phase: ProviderFailure["phase"], status: number | null): ProviderFailure {
  return { kind: "cancelled", phase, status, retryAfterMs: null, message: "the caller cancelled" };
}

/** A fetch that rejected: nobody answered. */
export function toUnreachableFailure(error: unknown, secrets: readonly string[]): ProviderFailure {
  return {
    kind: "unreachable",
    phase: "connect",
    status: null,
    retryAfterMs: null,
    message: toThrownMessage(error, secrets),
  };
}

/** A body's bytes: the platform's own type leaves open what a body is made of. */
export function toByteStream(body: ReadableStream<unknown>): ReadableStream<Uint8Array> {
  return body as ReadableStream<Uint8Array>;
}

/** Reads the beginning of a body as text and lets the rest go. Never rejects: a broken error page is a short one. */
export async function readLimitedText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = toByteStream(response.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    while (bytes < MAX_ERROR_BODY_BYTES) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status is known and decides; what was read of the body is all there is.
  }
  releaseReader(reader);
  return text;
}

/** Lets a body go whose rest nobody wants, which closes its connection. */
export function releaseReader(reader: { cancel(): Promise<void> }): void {
  reader.cancel().catch(() => {
    // It had already failed: there is nothing left to let go.
  });
}

export async function classifyRefusal(
  response: Response,
  connection: ConnectionOptions,
): Promise<ProviderFailure> {
  return classifyResponse({
    status: response.status,
    headers: response.headers,
    body: await readLimitedText(response),
    nowMs: connection.nowMs(),
    secrets: toSecrets(connection),
  });
}

/**
 * Asks for the list of models with the given headers. Null when it worked. The list itself is not read: a good
 * status is the proof.
 */
export async function pingModels(
  connection: ConnectionOptions,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<ProviderFailure | null> {
  let response: Response;
  try {
    response = await connection.fetch(`${connection.baseUrl}/models`, {
      method: "GET",
      headers: { accept: "application/json", ...headers },
      // A redirect to another host would take the key along.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    return signal.aborted
      ? toCancelledFailure("connect", null)
      : toUnreachableFailure(error, toSecrets(connection));
  }
  if (!response.ok) {
    const failure = await classifyRefusal(response, connection);
    return signal.aborted ? toCancelledFailure("connect", response.status) : failure;
  }
  if (response.body !== null) releaseReader(response.body);
  return null;
}
