/**
 * Reads what comes over a chat's socket, or says what is to be answered instead, or with which code and reason the socket
 * is to be closed. Pure. Rules SE14, SE15, SE230, SE241, SE242, SE277.
 */
import { z } from "zod";
import { parseJson } from "../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import {
  ClientFrame,
  LiveClientFrame,
  MAX_COPY_MESSAGES,
  MAX_FRAME_BYTES,
  MAX_QUESTION_BYTES,
  SendFrame,
} from "../../protocol/session-frame.ts";
import { isObject } from "../../providers/is-object.ts";
import { isLongerThan, toCloseReason } from "./frame-text.ts";
import { MessageSplitter } from "../questions/message-splitter.ts";
import { trimCopy } from "../questions/trim-copy.ts";
import {
  FILES_TOO_LARGE,
  isQuestionTooLarge,
  leaveFilesOut,
  QUESTION_TOO_LARGE,
} from "../questions/question-size.ts";

/** RFC 6455: it violates what was agreed on. */
const CLOSE_BAD_FRAME = 1008;
const TOO_BIG: Closing = { code: 1009, reason: "This frame is too large." };
/** What may be parsed as a whole: a fifth of the time that reading it in pieces takes, for more memory. */
const MAX_WHOLE_CHARACTERS = 8 * MAX_FRAME_BYTES;
/** So much of a large frame is made into bytes at a time. */
const SLICE_CHARACTERS = 65_536;

interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** The socket stays: whoever asked under this id is told. */
interface Refusal {
  readonly requestId: string;
  readonly reason: string;
}

export type FrameRefusal = Closing | Refusal;

/** `isLive`: the socket may also send the frames of `breakwater.v1`. */
export function readClientFrame(
  data: string | ArrayBuffer,
  isLive: boolean,
): Result<LiveClientFrame, FrameRefusal> {
  if (typeof data !== "string") return fail({ code: CLOSE_BAD_FRAME, reason: "Frames are JSON text." });
  if (isLongerThan(data, MAX_FRAME_BYTES)) return readLargeFrame(data);
  const shape = isLive ? LiveClientFrame : ClientFrame;
  return toFrame(shape.safeParse(trimCopy(readJson(data))));
}

/** Only a `send` may be large: with the files of its question, and its client's copy of what was said before. */
function readLargeFrame(data: string): Result<LiveClientFrame, FrameRefusal> {
  const body = data.length <= MAX_WHOLE_CHARACTERS ? parseJson(data) : readInPieces(data);
  if (body === null) {
    const requestId = findRequestId(data);
    return fail(requestId === null ? TOO_BIG : { requestId, reason: FILES_TOO_LARGE });
  }
  const frame = SendFrame.safeParse(body.ok ? trimCopy(body.value) : undefined);
  if (!frame.success) return fail(TOO_BIG);
  const { messages, requestId, ...rest } = frame.data;
  const asked = messages.findLast(({ role }) => role === "user");
  return isQuestionTooLarge(asked?.parts ?? [], rest)
    ? fail({ requestId, reason: QUESTION_TOO_LARGE })
    : succeed(frame.data);
}

/** Null for what is too large. */
function readInPieces(data: string): Result<unknown, "not-json"> | null {
  const splitter = new MessageSplitter({
    limitBytes: MAX_QUESTION_BYTES,
    maxMessages: MAX_COPY_MESSAGES,
    toEarlier,
  });
  return pushAll(splitter, data) ? splitter.finish() : null;
}

function pushAll(splitter: MessageSplitter, text: string): boolean {
  const encoder = new TextEncoder();
  let from = 0;
  while (from < text.length) {
    const end = from + SLICE_CHARACTERS;
    // A sign of two units stays whole.
    const to = isHighSurrogate(text.charCodeAt(end - 1)) ? end + 1 : end;
    if (!splitter.push(encoder.encode(text.slice(from, to)))) return false;
    from = to;
  }
  return true;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** Pictures of earlier messages are where they were put: nothing else looks at them. */
function toEarlier(message: unknown): object {
  if (!isObject(message) || !Array.isArray(message["parts"])) return {};
  return { ...message, parts: leaveFilesOut(message["parts"]) };
}

const Head = z.object({ type: z.literal("send"), requestId: z.string().min(1).max(200) });

/** Of a frame that is not read: clients write who asks before what they bring. */
function findRequestId(text: string): string | null {
  const head = Head.safeParse(readJson(`${text.slice(0, text.indexOf('"messages"'))}"messages":[]}`));
  return head.success ? head.data.requestId : null;
}

function toFrame(parsed: z.ZodSafeParseResult<LiveClientFrame>): Result<LiveClientFrame, FrameRefusal> {
  if (parsed.success) return succeed(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? "" : ` at ${issue.path.join(".") || "its top"}: ${issue.message}`;
  return fail({ code: CLOSE_BAD_FRAME, reason: toCloseReason(`Bad frame${where}`) });
}

/** Undefined for what is no JSON, which no shape takes. */
function readJson(text: string): unknown {
  const json = parseJson(text);
  return json.ok ? json.value : undefined;
}
