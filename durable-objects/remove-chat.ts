/** Takes a chat away with everything that belongs to it, or leaves it as it can be used. Rules SE33, SE114, SE115, SE172, HT18. */
import type { Chat } from "../src/session/chat.ts";
import { deleteFiles, type StoredFiles } from "../src/session/files/delete-files.ts";
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
  readonly files: StoredFiles;
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
    await deleteFiles(host.store, host.files);
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
