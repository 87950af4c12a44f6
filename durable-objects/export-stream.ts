/** A chat as a stream of bytes that its object gives to whoever exports it, read as it is sent. Rules SE85, SE141. */
import type { StoredMessage } from "../src/protocol/session-frame.ts";
import type { ChatView } from "../src/session/views/chat-view.ts";
import { toJsonExport, toMarkdownExport, type ExportHead } from "../src/session/views/export-chat.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";

type Messages = Pick<SessionStore["messages"], "find" | "scan">;

/** Null when there is no chat. */
export function exportChat(
  store: Pick<SessionStore, "readSession"> & { readonly messages: Messages },
  view: Pick<ChatView, "listPath">,
  format: "json" | "markdown",
  nowMs: number,
): ReadableStream<Uint8Array> | null {
  const session = store.readSession();
  if (session === null) return null;
  const head: ExportHead = {
    version: 1,
    id: session.sessionId,
    title: session.title,
    createdAt: new Date(session.createdAtMs).toISOString(),
    exportedAt: new Date(nowMs).toISOString(),
    leafMessageId: session.leafMessageId,
  };
  const pieces =
    format === "json"
      ? toJsonExport(head, store.messages.scan("oldest"))
      : toMarkdownExport(head, readPath(store.messages, view));
  const encoder = new TextEncoder();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      // What is left of it would look like all of it.
      if (store.readSession() === null) return controller.error(new Error("this chat was deleted"));
      const next = pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
  });
}

/** The path from its first message on, one at a time: a long chat is more than fits into memory. */
function* readPath(
  messages: Pick<Messages, "find">,
  view: Pick<ChatView, "listPath">,
): Generator<StoredMessage[], void, undefined> {
  for (const id of view.listPath()) {
    const message = messages.find(id);
    if (message !== null) yield [message];
  }
}
