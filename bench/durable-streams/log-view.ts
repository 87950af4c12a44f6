/**
 * A read and write view of the stream log (src/session/log/stream-log.ts) over the HTTP of the Durable Streams protocol, so
 * that a foreign conformance suite can be run against the log. It is no part of the product: one process, one memory,
 * loopback only. What the log has no notion of (expiry, forks, idempotent producers) is not here.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamLog, type StreamLogStore } from "../../src/session/log/stream-log.ts";

interface Viewed {
  readonly contentType: string;
  readonly log: StreamLog;
  lastSeq: string | null;
  closed: boolean;
  readonly waiting: Set<() => void>;
}

const OFFSET_DIGITS = 16;
const LONG_POLL_MS = 2_000;
const MAX_BODY_BYTES = 16 * 1_048_576;

export async function startLogView(): Promise<{ readonly url: string; readonly close: () => void }> {
  const streams = new Map<string, Viewed>();
  const server = createServer((request, response) => {
    handle(streams, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function handle(
  streams: Map<string, Viewed>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://view");
  const stream = streams.get(url.pathname);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cross-origin-resource-policy", "cross-origin");
  switch (request.method) {
    case "PUT":
      return create(streams, url.pathname, request, response);
    case "POST":
      return stream === undefined ? end(response, 404) : append(stream, request, response);
    case "GET":
      return stream === undefined ? end(response, 404) : read(stream, url, request, response);
    case "HEAD":
      return stream === undefined ? end(response, 404) : end(response, 200, toHead(stream));
    case "DELETE":
      return end(response, streams.delete(url.pathname) ? 204 : 404);
    default:
      return end(response, 405);
  }
}

async function create(
  streams: Map<string, Viewed>,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const contentType = typeOf(request) || "application/octet-stream";
  const closed = request.headers["stream-closed"] === "true";
  const known = streams.get(path);
  if (known !== undefined) {
    const isSame = bare(known.contentType) === bare(contentType) && known.closed === closed;
    return end(response, isSame ? 200 : 409, isSame ? toHead(known) : {});
  }
  const stream: Viewed = {
    contentType,
    log: new StreamLog(openMemory()),
    lastSeq: null,
    closed: false,
    waiting: new Set(),
  };
  const body = await readBody(request);
  if (body.length > 0 && !appendBody(stream, body, true)) return end(response, 400);
  stream.closed = closed;
  streams.set(path, stream);
  return end(response, 201, { ...toHead(stream), location: `http://${request.headers.host ?? ""}${path}` });
}

async function append(stream: Viewed, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const closes = request.headers["stream-closed"] === "true";
  if (stream.closed) {
    const isRepeat = closes && body.length === 0;
    return end(response, isRepeat ? 204 : 409, toHead(stream));
  }
  if (body.length === 0 && !closes) return end(response, 400);
  if (body.length > 0) {
    if (typeOf(request) === "") return end(response, 400);
    if (bare(typeOf(request)) !== bare(stream.contentType)) return end(response, 409);
    const seq = request.headers["stream-seq"];
    if (typeof seq === "string") {
      if (stream.lastSeq !== null && seq <= stream.lastSeq) return end(response, 409);
      stream.lastSeq = seq;
    }
    if (!appendBody(stream, body, false)) return end(response, 400);
  }
  stream.closed = closes;
  for (const wake of stream.waiting) wake();
  return end(response, 204, toHead(stream));
}

/** False for JSON that cannot be read or, outside of a creation, an empty list. */
function appendBody(stream: Viewed, body: Buffer, mayBeEmpty: boolean): boolean {
  const messages = isJson(stream) ? parseMessages(body) : [body.toString("base64")];
  if (messages === null || (messages.length === 0 && !mayBeEmpty)) return false;
  // One chunk a message: neighbours in one block would become one.
  messages.forEach((delta, index) => {
    stream.log.append([{ type: "text-delta", id: `m${index}`, delta }]);
  });
  stream.log.save();
  return true;
}

function parseMessages(body: Buffer): string[] | null {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    return (Array.isArray(json) ? json : [json]).map((message) => JSON.stringify(message));
  } catch {
    return null;
  }
}

async function read(
  stream: Viewed,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const live = url.searchParams.get("live");
  const offsets = url.searchParams.getAll("offset");
  const [offset = null] = offsets;
  if (offsets.length > 1 || (live !== null && offset === null)) return end(response, 400);
  const from = parseOffset(offset, stream);
  if (from === null) return end(response, 400);
  if (live === "sse") return followEvents(stream, from, request, response);
  if (live === "long-poll" && from >= stream.log.nextSequence && !stream.closed) {
    await waitForMore(stream);
    if (from >= stream.log.nextSequence) {
      return end(response, 204, { ...toPlace(stream), "stream-cursor": cursorNow() });
    }
  }
  if (live === "long-poll" && from >= stream.log.nextSequence) return end(response, 204, toPlace(stream));
  const body = toBody(stream, from);
  const etag = `"${from}:${stream.log.nextSequence}:${stream.closed ? "c" : "o"}"`;
  if (request.headers["if-none-match"] === etag) return end(response, 304, { etag });
  const headers = { ...toPlace(stream), "content-type": stream.contentType, etag };
  const cursor = live === "long-poll" ? { "stream-cursor": cursorNow() } : {};
  const caching = offset === "now" ? { "cache-control": "no-store" } : {};
  response.writeHead(200, { ...headers, ...cursor, ...caching }).end(body);
}

/** Server-sent events: data, then where one stands. */
async function followEvents(
  stream: Viewed,
  from: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isText = isJson(stream) || stream.contentType.startsWith("text/");
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    ...(isText ? {} : { "stream-sse-data-encoding": "base64" }),
  });
  let at = from;
  let isOpen = true;
  request.on("close", () => (isOpen = false));
  while (isOpen) {
    if (at < stream.log.nextSequence) {
      const body = toBody(stream, at);
      const text = isText ? body.toString("utf8") : body.toString("base64");
      const data = text.split(/\r\n|\r|\n/).map((line) => `data:${line}`);
      response.write(`event: data\n${data.join("\n")}\n\n`);
      at = stream.log.nextSequence;
    }
    const control = {
      streamNextOffset: toOffset(at),
      ...(stream.closed ? { streamClosed: true } : { streamCursor: cursorNow(), upToDate: true }),
    };
    response.write(`event: control\ndata:${JSON.stringify(control)}\n\n`);
    if (stream.closed) break;
    await waitForMore(stream);
  }
  response.end();
}

function toBody(stream: Viewed, from: number): Buffer {
  const messages: string[] = [];
  for (let sequence = from; sequence < stream.log.nextSequence; sequence += 1) {
    const chunk: unknown = JSON.parse(stream.log.read(sequence));
    if (typeof chunk === "object" && chunk !== null && "delta" in chunk) messages.push(String(chunk.delta));
  }
  if (isJson(stream)) return Buffer.from(`[${messages.join(",")}]`);
  return Buffer.concat(messages.map((message) => Buffer.from(message, "base64")));
}

function waitForMore(stream: Viewed): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stream.waiting.delete(done);
      resolve();
    };
    const timer = setTimeout(done, LONG_POLL_MS);
    stream.waiting.add(done);
  });
}

function parseOffset(offset: string | null, stream: Viewed): number | null {
  if (offset === null || offset === "-1") return 0;
  if (offset === "now") return stream.log.nextSequence;
  return /^\d{16}$/.test(offset) ? Number(offset) : null;
}

const toOffset = (sequence: number): string => String(sequence).padStart(OFFSET_DIGITS, "0");
const cursorNow = (): string => String(Math.floor(Date.now() / 20_000));
const bare = (contentType: string): string => contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
const typeOf = (request: IncomingMessage): string => request.headers["content-type"] ?? "";
const isJson = ({ contentType }: Viewed): boolean => bare(contentType) === "application/json";

function toHead(stream: Viewed): Record<string, string> {
  return {
    "content-type": stream.contentType,
    "stream-next-offset": toOffset(stream.log.nextSequence),
    "cache-control": "no-store",
    ...(stream.closed ? { "stream-closed": "true" } : {}),
  };
}

function toPlace(stream: Viewed): Record<string, string> {
  return {
    "stream-next-offset": toOffset(stream.log.nextSequence),
    "stream-up-to-date": "true",
    ...(stream.closed ? { "stream-closed": "true" } : {}),
  };
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    if (!(piece instanceof Uint8Array)) throw new Error("a body is bytes");
    const buffer = Buffer.from(piece);
    bytes += buffer.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error("the body is too large");
    pieces.push(buffer);
  }
  return Buffer.concat(pieces);
}

function openMemory(): StreamLogStore {
  const stored: string[] = [];
  return { append: (_, chunks) => void stored.push(...chunks), readAll: () => [...stored] };
}
