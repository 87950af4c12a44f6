/** Takes a chat away with everything that belongs to it, or leaves it as it can be used. Rules SE33, SE114, SE115, SE172, SE221, HT18. */
import { toFileKey } from "../src/session/attachment-path.ts";
import type { Chat } from "../src/session/chat.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";
import type { ChatSockets } from "./chat-sockets.ts";
import type { ChatStreams } from "./chat-streams.ts";
import type { SelectionOutbox } from "./selection-outbox.ts";

/** A close code of this product, in the range that RFC 6455 leaves to applications. */
const CLOSE_DELETED = 4404;
const DELETED = "This chat was deleted.";
/** The registered code for "try again later". */
const CLOSE_TRY_AGAIN = 1013;
const NOT_DELETED = "This chat could not be deleted. Come back.";

export interface ChatRemovalHost {
  readonly chat: Chat;
  readonly store: SessionStore;
  readonly outbox: SelectionOutbox;
  readonly sockets: ChatSockets;
  readonly streams: ChatStreams;
  readonly files: R2Bucket;
  /** Forgets every row. */
  readonly empty: () => Promise<void>;
}

/** Ends what runs, closes the sockets, forgets everything; rejects when that failed. */
export async function removeChat(host: ChatRemovalHost): Promise<void> {
  const { chat, sockets, streams } = host;
  chat.announceChange(true);
  sockets.closeAll(CLOSE_DELETED, DELETED);
  await chat.close();
  try {
    await handRecordsOver(host);
    await deleteFiles(host);
    // A title may have been made meanwhile.
    await handRecordsOver(host);
    await host.empty();
  } catch (error) {
    // Whoever has come and asked meanwhile was not heard.
    sockets.closeAll(CLOSE_TRY_AGAIN, NOT_DELETED);
    streams.closeAll(CLOSE_TRY_AGAIN, NOT_DELETED);
    chat.reopen();
    throw error;
  }
  // Last: whoever came or asked while this was going on is told as well.
  sockets.closeAll(CLOSE_DELETED, DELETED);
  streams.closeAll(CLOSE_DELETED, DELETED);
}

/** What was paid for stays on record: rows that the queue does not take must not go with the chat. */
async function handRecordsOver({ outbox }: ChatRemovalHost): Promise<void> {
  await outbox.drain();
  if (!outbox.isEmpty) throw new Error("records of this chat wait for the queue, which is away");
}

async function deleteFiles({ store, files: bucket }: ChatRemovalHost): Promise<void> {
  const { extras } = store;
  const session = store.readSession();
  if (session === null) return;
  const { sessionId } = session;
  await deleteUnlisted(bucket, toFileKey(sessionId, ""));
  // One may be attached while others are being deleted: what is there when nothing more is awaited is all.
  for (let files = extras.listAttachments(); files.length > 0; files = extras.listAttachments()) {
    await bucket.delete(files.map(({ attachmentId }) => toFileKey(sessionId, attachmentId)));
    extras.dropAttachments(files.map(({ id }) => id));
  }
}

/** A crash may have come between a file's bytes and the note of them: nothing else would ever find these. */
async function deleteUnlisted(bucket: R2Bucket, prefix: string): Promise<void> {
  const find = (): Promise<R2Objects> => bucket.list({ prefix });
  // A page has as many keys as one call deletes.
  for (let page = await find(); page.objects.length > 0; page = await find()) {
    await bucket.delete(page.objects.map(({ key }) => key));
  }
}
