/**
 * The files of a question: pictures and texts that were attached to this chat before, or that stand in the message
 * themselves as `data:` addresses, as AI SDK's clients send them. Pure. Rules SE83, SE160, SE220, SE240, SE245, SE246, SE253.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import { z } from "zod";
import {
  IMAGE_TYPES,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS_PER_MESSAGE,
} from "../../protocol/session-api.ts";
import type { ClientMessage } from "../../protocol/session-frame.ts";
import { explainBadPicture } from "./check-picture.ts";
import { MAX_FILE_NAME_CHARACTERS } from "./attachment-path.ts";
import { isDataUrl, readDataUrl, type DataUrl } from "./data-url.ts";
import { explainWrongBytes, findTypeOf, hasTypeOf } from "./file-signature.ts";

/** A part as it is stored. */
export const FilePart = z.object({
  type: z.literal("file"),
  mediaType: z.string().max(100),
  filename: z.string().transform(toShortName).optional(),
  /** A path of this chat's attachments, or a `data:` address. */
  url: z.string(),
});
/** Systems let names be longer than they can be told; half a sign at the cut stays away from who cannot write it. */
function toShortName(name: string): string {
  return name.slice(0, MAX_FILE_NAME_CHARACTERS).toWellFormed();
}

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

/** What browsers and programs say of source text (they take a `.ts` file for a film), and of formats that are text mostly. */
const MAYBE_TEXT =
  /^(?:video\/(?:mp2t|vnd\.dlna\.mpeg-tts)|model\/vnd\.mts|application\/(?:.+\+json|x-(?!www-form-urlencoded$).+|typescript|ecmascript|node|graphql|vnd\.(?:dart|ms-excel)|rls-services\+xml))$/;

/** Whether only its bytes can tell if it is a text. */
export function mayBeText(mediaType: string): boolean {
  return MAYBE_TEXT.test(mediaType);
}

/** As what a file of that type and those bytes is taken, attached or in a question. */
export function toTakenType(mediaType: string, bytes: Uint8Array): string {
  return mayBeText(mediaType) && hasTypeOf(bytes, "text/plain") ? "text/plain" : mediaType;
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
    const file = acceptFile(part, findOwnType);
    if (!file.ok) return file;
    files.push(file.value);
  }
  return succeed(files);
}

function acceptFile(
  part: ClientMessage["parts"][number],
  findOwnType: (url: string) => string | null,
): Result<FilePart, string> {
  const parsed = FilePart.safeParse(part);
  if (!parsed.success) return fail("A file of this message has no type or no address.");
  const { url } = parsed.data;
  const data = isDataUrl(url) ? readDataUrl(url) : null;
  const mediaType = toMediaType(parsed.data.mediaType, data);
  if (!isImageType(mediaType) && !isTextType(mediaType)) {
    return fail(
      `Files of type ${mediaType || "unknown"} cannot be attached: pictures (PNG, JPEG, WebP, GIF) and texts can.`,
    );
  }
  const ownType = findOwnType(url);
  // Its bytes were looked at when it was attached: a text that a message calls a picture is refused by every provider,
  // and with it each later question of the chat.
  if (ownType !== null) return succeed({ ...parsed.data, mediaType: ownType });
  if (data === null || !isSaidAlike(data.mediaType, [mediaType, toKnownType(parsed.data.mediaType)])) {
    return fail("A file of this message was not attached to this chat. Attach it first.");
  }
  if (data.bytes === null) return fail(`A file of this message is not what it says it is (${mediaType}).`);
  if (data.bytes.length === 0) return fail("A file of this message is empty.");
  if (data.bytes.length > MAX_ATTACHMENT_BYTES) {
    return fail(`A file may have at most ${MAX_ATTACHMENT_BYTES} bytes: one of this message has more.`);
  }
  const problem = explainWrongBytes(data.bytes, mediaType) ?? explainBadPicture(data.bytes, mediaType);
  return problem === null ? succeed({ ...parsed.data, mediaType }) : fail(problem);
}

/** As a type is compared: `text/plain;charset=utf-8` is one, and `image/jpg` is what many programs say. */
function toKnownType(mediaType: string): string {
  const bare = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return bare === "image/jpg" ? "image/jpeg" : bare;
}

/** Browsers know no type for most texts (`.py`, `.log`), and say so. */
function isUntyped(mediaType: string): boolean {
  return mediaType === "" || mediaType === "application/octet-stream";
}

function isSaidAlike(mediaType: string, types: readonly string[]): boolean {
  return isUntyped(mediaType) || types.includes(toKnownType(mediaType));
}

/** What it is said to be; of a file that is said to be nothing, or what texts are taken for, what its bytes are. */
function toMediaType(said: string, data: DataUrl | null): string {
  const known = toKnownType(said);
  if (data === null || data.bytes === null) return known;
  return isUntyped(known) && isUntyped(data.mediaType)
    ? (findTypeOf(data.bytes) ?? known)
    : toTakenType(known, data.bytes);
}
