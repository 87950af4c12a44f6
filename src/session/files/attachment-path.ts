/** Where the files of a chat are (their address for clients, their key in the bucket), and what they are called. Pure. Rule SE83. */

/** Line ends and other signs that no name has; a name is shown on one line, and stands in a header. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

export const MAX_FILE_NAME_CHARACTERS = 200;

export function toOneLine(name: string): string {
  return name.replace(CONTROLS, " ").trim();
}

/** The path under which a file of a chat is read. */
export function toAttachmentUrl(sessionId: string, attachmentId: string): string {
  return `/api/v1/sessions/${sessionId}/attachments/${attachmentId}`;
}

/** The other way round; null for any other address. */
export function toAttachmentId(sessionId: string, url: string): string | null {
  const prefix = toAttachmentUrl(sessionId, "");
  return url.startsWith(prefix) ? url.slice(prefix.length) : null;
}

/** PERSISTED: where the bytes of an attached file are kept. */
export function toFileKey(sessionId: string, attachmentId: string): string {
  return `attachments/${sessionId}/${attachmentId}`;
}
