/** Bodies and queries from outside: counted while they are read, then parsed with zod. */
import type { z } from "zod";
import { parseJson } from "../base/parse-json.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { AppContext } from "./app-env.ts";
import { toLoggedPath } from "./logged-path.ts";
import { refuse } from "./respond.ts";

/** A message of the longest allowed length fits; nothing that this API takes is larger. */
export const MAX_JSON_BYTES = 1_048_576;
/**
 * A prompt as long as the longest context, in JSON, with room for images. While it is read and sent, a body with a sign
 * beyond Latin-1 takes four times its size of an isolate's 128 MB (measured; five where it is translated): several have to
 * fit beside each other.
 */
export const MAX_MODEL_CALL_BYTES = 8 * 1_048_576;
const CALL_TOO_LARGE =
  "Send less in one call: fewer or smaller images (base64 makes them a third larger), or their https addresses instead of their bytes.";

const NO_BODY = "The request needs a JSON body.";
const NOT_JSON = "The body is not valid JSON.";
const OTHER_SHAPE = "The body does not have the expected shape.";

/**
 * Hands on the pieces of a body, at most `limitBytes` of them, as long as they are taken, and gives their bytes. What
 * `content-length` says can only make it fail sooner: the bytes themselves are counted, and reading stops with the one
 * too many.
 */
async function takePieces(
  request: Request,
  limitBytes: number,
  take: (piece: Uint8Array) => boolean,
): Promise<Result<number, "too-large">> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) return fail("too-large");
  const body: ReadableStream<Uint8Array> | null = request.body;
  if (body === null) return succeed(0);
  let bytes = 0;
  // Leaving the loop cancels the stream.
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > limitBytes || !take(piece)) return fail("too-large");
  }
  return succeed(bytes);
}

async function readPieces(request: Request, limitBytes: number): Promise<Result<Uint8Array[], "too-large">> {
  const pieces: Uint8Array[] = [];
  const taken = await takePieces(request, limitBytes, (piece) => pieces.push(piece) > 0);
  return taken.ok ? succeed(pieces) : taken;
}

async function readLimitedText(request: Request, limitBytes: number): Promise<Result<string, "too-large">> {
  const announced = request.headers.get("content-length");
  // The platform lets no more bytes through than were announced: what is small enough needs no counting.
  if (announced !== null && /^\d{1,15}$/.test(announced) && Number(announced) <= limitBytes) {
    const text = await request.text();
    return text.length > limitBytes ? fail("too-large") : succeed(text);
  }
  const pieces = await readPieces(request, limitBytes);
  if (!pieces.ok) return pieces;
  const decoder = new TextDecoder();
  return succeed(
    pieces.value.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode(),
  );
}

/** Reads a body of whatever type; a failure is the answer to give: 413. */
export async function readBytes(
  context: AppContext,
  limitBytes: number,
): Promise<Result<Uint8Array, Response>> {
  const pieces = await readPieces(context.req.raw, limitBytes);
  if (!pieces.ok) return fail(refuseTooLarge(context, limitBytes));
  const bytes = new Uint8Array(pieces.value.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces.value) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return succeed(bytes);
}

export interface JsonOptions {
  readonly limitBytes?: number;
  /** Where a request without a body means `{}`. */
  readonly mayBeEmpty?: boolean;
}

/**
 * Reads, checks and parses a JSON body. A failure is the answer to give: 413, 415, or 400 with the place of each
 * mistake.
 */
export async function readJson<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
  { limitBytes = MAX_JSON_BYTES, mayBeEmpty = false }: JsonOptions = {},
): Promise<Result<z.output<Shape>, Response>> {
  const text = await readJsonText(context, limitBytes);
  if (!text.ok) return text;
  if (text.value.trim() === "" && !mayBeEmpty) {
    return fail(refuse(context, "invalid-request", NO_BODY));
  }
  const json = parseJson(text.value.trim() === "" ? "{}" : text.value);
  if (!json.ok) return fail(refuse(context, "invalid-request", NOT_JSON));
  return check(context, shape, json.value, OTHER_SHAPE);
}

/** A JSON body that is made into a value piece by piece. */
export interface PieceReader {
  /** False when it is too large; nothing more is read then. */
  push(piece: Uint8Array): boolean;
  finish(): Result<unknown, "not-json">;
}

export interface PieceLimits {
  readonly limitBytes: number;
  /** What the pieces' reader keeps of the body at the most. */
  readonly keptBytes: number;
  /** What is said where it would have to keep more. */
  readonly keptTooLarge: string;
}

/** As `readJson`, for a body that is not kept whole. */
export async function readJsonInPieces<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
  pieces: PieceReader,
  { limitBytes, keptBytes, keptTooLarge }: PieceLimits,
): Promise<Result<z.output<Shape>, Response>> {
  const request = context.req.raw;
  const refusal = request.body === null ? null : refuseForm(context);
  if (refusal !== null) return fail(refusal);
  let isKept = true;
  const taken = await takePieces(request, limitBytes, (piece) => (isKept = pieces.push(piece)));
  if (!taken.ok) {
    return fail(
      isKept ? refuseTooLarge(context, limitBytes) : refuseTooLarge(context, keptBytes, keptTooLarge),
    );
  }
  if (taken.value === 0) return fail(refuse(context, "invalid-request", NO_BODY));
  const json = pieces.finish();
  if (!json.ok) return fail(refuse(context, "invalid-request", NOT_JSON));
  return check(context, shape, json.value, OTHER_SHAPE);
}

/** Null for a body that can be read: JSON as it is. Nothing here unpacks, since a small body may unpack to any size. */
function refuseForm(context: AppContext): Response | null {
  const encoding = context.req.header("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    const message = `Send the body as it is, without content-encoding: ${encoding.slice(0, 40)} is not unpacked here.`;
    return refuse(context, "unsupported-media-type", message);
  }
  if (isJson(context.req.header("content-type"))) return null;
  return refuse(context, "unsupported-media-type", "Send the body as application/json.");
}

/** As `readJson` up to the parsing: the text of a JSON body, or the answer to give instead. */
export async function readJsonText(
  context: AppContext,
  limitBytes: number,
): Promise<Result<string, Response>> {
  const text = await readLimitedText(context.req.raw, limitBytes);
  if (!text.ok) return fail(refuseTooLarge(context, limitBytes));
  const refusal = text.value === "" ? null : refuseForm(context);
  return refusal === null ? text : fail(refusal);
}

/** Rule HT349. */
function toSizeComplaint(limitBytes: number): string {
  const limit = limitBytes < 1_048_576 ? `${limitBytes / 1_024} KiB` : `${limitBytes / 1_048_576} MiB`;
  const complaint = `The body may have at most ${limit}.`;
  return limitBytes === MAX_MODEL_CALL_BYTES ? `${complaint} ${CALL_TOO_LARGE}` : complaint;
}

/** The answer to a body above its limit, and the line about it in the log. */
export function refuseTooLarge(
  context: AppContext,
  limitBytes: number,
  detail = toSizeComplaint(limitBytes),
): Response {
  context.get("log").write("warn", "request_too_large", {
    request_id: context.get("requestId"),
    path: toLoggedPath(context.req.path),
    limit_bytes: limitBytes,
  });
  return refuse(context, "too-large", detail);
}

/** Parses the query string; a name that occurs twice counts once, by its last value. */
export function readQuery<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
): Result<z.output<Shape>, Response> {
  const query = Object.fromEntries(new URL(context.req.url).searchParams);
  return check(context, shape, query, "The query does not have the expected shape.");
}

function check<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
  value: unknown,
  detail: string,
): Result<z.output<Shape>, Response> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return succeed(parsed.data);
  const issues = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.map(String).join("."), message }));
  return fail(refuse(context, "invalid-request", detail, { issues }));
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(contentType ?? "");
}
