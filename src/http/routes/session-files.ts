/** What leaves and enters a chat as a file: exports and attachments. Rules HT61 to HT63, HT332. */
import type { Hono } from "hono";
import { z } from "zod";
import { describeError } from "../../auth/store/describe-error.ts";
import { newId } from "../../base/id.ts";
import type { SessionId } from "../../base/id.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import {
  MAX_ATTACHMENT_BYTES,
  SessionExportQuery,
  type SessionAttachment,
} from "../../protocol/session-api.ts";
import { isImageType, isTextType, mayBeText, toTakenType } from "../../session/files/accept-files.ts";
import {
  MAX_FILE_NAME_CHARACTERS,
  toAttachmentUrl,
  toFileKey,
  toOneLine,
} from "../../session/files/attachment-path.ts";
import { explainBadPicture } from "../../session/files/check-picture.ts";
import { explainWrongBytes } from "../../session/files/file-signature.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { readBytes, readQuery } from "../body.ts";
import { findOwn, refuseUnknown } from "../own-chat.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";

export const AttachmentQuery = z.object({
  name: z.string().transform(toOneLine).pipe(z.string().min(1).max(MAX_FILE_NAME_CHARACTERS)).default("file"),
});

/** Longer than any that is registered, and shorter than what a message may name. */
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,80}$/;

export function addSessionFileRoutes(app: Hono<AppEnv>, services: Services): void {
  const path = "/api/v1/sessions/:sessionId";

  app.get(`${path}/export`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const query = readQuery(context, SessionExportQuery);
    if (!query.ok) return query.error;
    const { format } = query.value;
    const body = await services.chatObject(entry.id).export(format);
    if (body === null) return refuseUnknown(context);
    const [type, ending] = format === "json" ? ["application/json", "json"] : ["text/markdown", "md"];
    return context.body(body, 200, {
      "content-type": `${type}; charset=utf-8`,
      "content-disposition": `attachment; filename="${entry.id}.${ending}"`,
    });
  });

  app.post(`${path}/attachments`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    return attach(services, context, entry.id);
  });

  app.get(`${path}/attachments/:attachmentId`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const id = context.req.param("attachmentId");
    const file = await services.chatObject(entry.id).findAttachment(id);
    const read =
      file === null
        ? succeed(null)
        : await tryStore(context, () => services.files.get(toFileKey(entry.id, id)));
    if (!read.ok) return read.error;
    const bytes = read.value;
    if (file === null || bytes === null) return refuse(context, "not-found", "There is no such file.");
    return context.body(bytes, 200, {
      // Whatever a text says it is, a browser is to show it as text.
      "content-type": isImageType(file.mediaType) ? file.mediaType : "text/plain; charset=utf-8",
      "content-length": String(file.bytes),
      "content-disposition": `inline; filename*=UTF-8''${toExtendedValue(file.name)}`,
      "content-security-policy": "sandbox; default-src 'none'",
      "cache-control": "private, max-age=31536000, immutable",
      // A browser that another person signs in with must ask again.
      vary: "cookie, authorization, origin",
    });
  });
}

async function attach(services: Services, context: AppContext, sessionId: SessionId): Promise<Response> {
  const query = readQuery(context, AttachmentQuery);
  if (!query.ok) return query.error;
  const said = (context.req.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!MEDIA_TYPE.test(said) || !(isTaken(said) || mayBeText(said))) return refuseType(context);
  const bytes = await readBytes(context, MAX_ATTACHMENT_BYTES);
  if (!bytes.ok) return bytes.error;
  if (bytes.value.byteLength === 0) return refuse(context, "invalid-request", "The file is empty.");
  const mediaType = toTakenType(said, bytes.value);
  if (!isTaken(mediaType)) return refuseType(context);
  const problem = explainWrongBytes(bytes.value, mediaType) ?? explainBadPicture(bytes.value, mediaType);
  if (problem !== null) return refuse(context, "invalid-request", problem);
  const id = newId("file", services.idSource);
  const { name } = query.value;
  // The bytes first: a file that is listed must be there. One that is not listed is never shown.
  const key = toFileKey(sessionId, id);
  const put = await tryStore(context, () => services.files.put(key, bytes.value, mediaType));
  if (!put.ok) return put.error;
  const file = { attachmentId: id, name, mediaType, bytes: bytes.value.byteLength };
  const taken = await services
    .chatObject(sessionId)
    .attach(file)
    .catch(async (error: unknown) => {
      // Whether it took note or not, nobody is told of the file.
      await services.files.delete(key);
      throw error;
    });
  // Deleting the chat may have been done before they came.
  if (taken !== "taken") await services.files.delete(key);
  if (taken === "unknown-chat") return refuseUnknown(context);
  if (taken === "too-many") {
    return refuse(context, "conflict", "This chat has as many files as it can have. Start a new one.");
  }
  const attachment: SessionAttachment = {
    id,
    name,
    mediaType,
    bytes: file.bytes,
    url: toAttachmentUrl(sessionId, id),
  };
  return context.json(attachment, 201);
}

const isTaken = (mediaType: string): boolean => isImageType(mediaType) || isTextType(mediaType);

function refuseType(context: AppContext): Response {
  return refuse(
    context,
    "unsupported-media-type",
    "Pictures (PNG, JPEG, WebP, GIF) and texts can be attached. Name the type in content-type.",
  );
}

/** Where files are kept may be away for a moment: that is no mistake of ours, and who asks may try again. */
async function tryStore<Value>(
  context: AppContext,
  work: () => Promise<Value>,
): Promise<Result<Value, Response>> {
  try {
    return succeed(await work());
  } catch (error) {
    context
      .get("log")
      .write("warn", "background_failed", { task: "attachment", error: describeError(error) });
    return fail(refuse(context, "unavailable", "Files cannot be stored or read now. Try again in a moment."));
  }
}

/** As RFC 8187 wants it: `encodeURIComponent` leaves some signs that may not stand there. */
function toExtendedValue(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
