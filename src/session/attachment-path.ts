/** Where the files of a chat are: their address for clients, their key in the bucket. Pure. Rule SE83. */

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
