/** Reads what comes over a chat's socket, or says with which code and reason the socket is to be closed. Pure. Rules SE14, SE15, SE230. */
import { fail, succeed, type Result } from "../base/result.ts";
import { ClientFrame, LiveClientFrame, MAX_COPY_BYTES, MAX_FRAME_BYTES } from "../protocol/session-frame.ts";
import { isLongerThan, toCloseReason } from "./frame-text.ts";

/** RFC 6455: it violates what was agreed on. */
const CLOSE_BAD_FRAME = 1008;
const TOO_BIG: Closing = { code: 1009, reason: "This frame is too large." };

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** `isLive`: the socket may also send the frames of `breakwater.v1`. */
export function readClientFrame(
  data: string | ArrayBuffer,
  isLive: boolean,
): Result<LiveClientFrame, Closing> {
  if (typeof data !== "string") return fail({ code: CLOSE_BAD_FRAME, reason: "Frames are JSON text." });
  if (isLongerThan(data, MAX_COPY_BYTES)) return fail(TOO_BIG);
  const shape = isLive ? LiveClientFrame : ClientFrame;
  const parsed = shape.safeParse(parseJson(data));
  if (parsed.success) return isTooLarge(data, parsed.data) ? fail(TOO_BIG) : succeed(parsed.data);
  if (isLongerThan(data, MAX_FRAME_BYTES)) return fail(TOO_BIG);
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? "" : ` at ${issue.path.join(".") || "its top"}: ${issue.message}`;
  return fail({ code: CLOSE_BAD_FRAME, reason: toCloseReason(`Bad frame${where}`) });
}

/** A client's copy of what was said before does not count: it grows with the chat, and little of it is looked at. */
function isTooLarge(text: string, frame: LiveClientFrame): boolean {
  if (!isLongerThan(text, MAX_FRAME_BYTES)) return false;
  if (frame.type !== "send") return true;
  const asked = frame.messages.findLast(({ role }) => role === "user");
  return isLongerThan(JSON.stringify({ ...frame, messages: [asked] }), MAX_FRAME_BYTES);
}

/** Undefined for what is no JSON, which no shape takes. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
