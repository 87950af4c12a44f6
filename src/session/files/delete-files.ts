/** Takes a chat's files away with it: what its bucket has of it, and the notes of them. Rules SE33, SE221, SE276. */
import { toFileKey } from "./attachment-path.ts";
import type { SessionStore } from "../store/session-store.ts";

/** The part of a bucket that is needed here. */
export interface StoredFiles {
  list(options: { readonly prefix: string }): Promise<{
    readonly objects: readonly { readonly key: string }[];
    readonly truncated: boolean;
  }>;
  delete(keys: string[]): Promise<void>;
}

export async function deleteFiles(
  store: Pick<SessionStore, "extras" | "readSession">,
  bucket: StoredFiles,
): Promise<void> {
  const session = store.readSession();
  if (session === null) return;
  const { extras } = store;
  const { sessionId } = session;
  const deleted = await deleteStored(bucket, toFileKey(sessionId, ""));
  // One may be attached while others are being deleted: what is there when nothing more is awaited is all.
  for (let files = extras.listAttachments(); files.length > 0; files = extras.listAttachments()) {
    const keys = files.map(({ attachmentId }) => toFileKey(sessionId, attachmentId));
    const left = keys.filter((key) => !deleted.has(key));
    if (left.length > 0) await bucket.delete(left);
    extras.dropAttachments(files.map(({ id }) => id));
  }
}

/**
 * All that lies there, noted or not: a crash may have come between a file's bytes and the note of them, and nothing else
 * would ever find these. Their keys come back.
 */
async function deleteStored(bucket: StoredFiles, prefix: string): Promise<ReadonlySet<string>> {
  const deleted = new Set<string>();
  for (;;) {
    // A page has as many keys as one call deletes.
    const page = await bucket.list({ prefix });
    const keys = page.objects.map(({ key }) => key);
    if (keys.length > 0) await bucket.delete(keys);
    for (const key of keys) deleted.add(key);
    if (!page.truncated) return deleted;
  }
}
