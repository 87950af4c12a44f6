/**
 * The files of a question: pictures and texts that were attached to this chat before, or that stand in the message
 * themselves as `data:` addresses, as AI SDK's clients send them. Pure. Rules SE83, SE160, SE220, SE240.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import { z } from "zod";
import { IMAGE_TYPES, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS_PER_MESSAGE } from "../protocol/session-api.ts";
import type { ClientMessage } from "../protocol/session-frame.ts";
import { explainBadPicture } from "./check-picture.ts";
import { readDataUrl } from "./data-url.ts";
import { hasTypeOf } from "./file-signature.ts";

/** A part as it is stored. */
export const FilePart = z.object({
  type: z.literal("file"),
  mediaType: z.string().max(100),
  filename: z.string().max(200).optional(),
  /** A path of this chat's attachments, or a `data:` address. */
  url: z.string(),
});
export type FilePart = z.infer<typeof FilePart>;

export function isImageType(mediaType: string): boolean {
  return IMAGE_TYPES.some((type) => type === mediaType);
}

/** Plain text and whatever is text by another name. */
export function isTextType(mediaType: string): boolean {
  return (
    mediaType.startsWith("text/") || /^application\/(?:json|xml|yaml|toml|javascript|sql)$/.test(mediaType)
  );
}

/**
 * The file parts of the message, or a sentence about the first that cannot be taken. `findOwnType`: as what a file was
 * attached to this chat, null for any other address.
 */
export function acceptFiles(
  message: Pick<ClientMessage, "parts">,
  findOwnType: (url: string) => string | null,
): Result<FilePart[], string> {
  const given = message.parts.filter(({ type }) => type === "file");
  // First: each is decoded to be looked at.
  if (given.length > MAX_ATTACHMENTS_PER_MESSAGE) {
    return fail(`At most ${MAX_ATTACHMENTS_PER_MESSAGE} files can be attached to one question.`);
  }
  const files: FilePart[] = [];
  for (const part of given) {
    const parsed = FilePart.safeParse(part);
    if (!parsed.success) return fail("A file of this message has no type or no address.");
    const { mediaType, url } = parsed.data;
    if (!isImageType(mediaType) && !isTextType(mediaType)) {
      return fail(
        `Files of type ${mediaType} cannot be attached: pictures (PNG, JPEG, WebP, GIF) and texts can.`,
      );
    }
    const ownType = findOwnType(url);
    if (ownType === null) {
      const data = readDataUrl(url);
      if (data?.mediaType !== mediaType) {
        return fail("A file of this message was not attached to this chat. Attach it first.");
      }
      if (data.bytes === null || !hasTypeOf(data.bytes, mediaType)) {
        return fail(`A file of this message is not what it says it is (${mediaType}).`);
      }
      if (data.bytes.length === 0) return fail("A file of this message is empty.");
      if (data.bytes.length > MAX_ATTACHMENT_BYTES) {
        return fail(`A file may have at most ${MAX_ATTACHMENT_BYTES} bytes: one of this message has more.`);
      }
      const problem = explainBadPicture(data.bytes, mediaType);
      if (problem !== null) return fail(problem);
    }
    // Its bytes were looked at when it was attached: a text that a message calls a picture is refused by every provider,
    // and with it each later question of the chat.
    files.push({ ...parsed.data, mediaType: ownType ?? mediaType });
  }
  return succeed(files);
}
