/**
 * What a question may measure, and the words for one that is larger. Files that stand in it as `data:` addresses are
 * counted apart: they go to where attached files are. Pure. Rules SE15, SE241, HT330.
 */
import { MAX_FRAME_BYTES, MAX_QUESTION_BYTES } from "../../protocol/session-frame.ts";
import { isObject } from "../../providers/is-object.ts";
import { isDataUrl } from "../files/data-url.ts";
import { isLongerThan } from "../frames/frame-text.ts";

export const QUESTION_TOO_LARGE = `This message is too large: without its files it may have ${MAX_FRAME_BYTES} bytes. Shorten it, or attach the long part as a file.`;

export const FILES_TOO_LARGE = `This message is too large: with its files it may have ${MAX_QUESTION_BYTES} bytes as it is sent, where files take a third more than they have. Send fewer or smaller ones, or attach them first (POST /api/v1/sessions/{id}/attachments) and send their addresses.`;

/** A file that stands in the message itself. */
export function isDataFile(part: unknown): boolean {
  return (
    isObject(part) && part["type"] === "file" && typeof part["url"] === "string" && isDataUrl(part["url"])
  );
}

/** True for what is too much for a question, its files apart. */
export function isQuestionTooLarge(parts: readonly unknown[], rest: object = {}): boolean {
  return isLongerThan(JSON.stringify({ ...rest, parts: leaveFilesOut(parts) }), MAX_FRAME_BYTES);
}

export function leaveFilesOut<Part>(parts: readonly Part[]): Part[] {
  return parts.filter((part) => !isDataFile(part));
}
