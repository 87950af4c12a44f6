/** A chat as a stream of bytes that its object gives to whoever exports it. Rule SE85. */
import type { StoredMessage } from "../src/protocol/session-frame.ts";
import type { ChatView } from "../src/session/chat-view.ts";
import { toJsonExport, toMarkdownExport, type ExportHead } from "../src/session/export-chat.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";

const PAGE_MESSAGES = 200;

/** Null when there is no chat. */
export function exportChat(
  store: SessionStore,
  view: ChatView,
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
      : toMarkdownExport(head, readPathPages(view));
  const encoder = new TextEncoder();
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const next = pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
  });
}

/** The path from its first message on. Pages come newest first, so all are read before the first is written. */
function readPathPages(view: ChatView): StoredMessage[][] {
  const pages: StoredMessage[][] = [];
  let page = view.readNewest(PAGE_MESSAGES);
  for (;;) {
    pages.unshift(page.messages);
    const first = page.messages[0];
    if (!page.hasOlder || first === undefined) return pages;
    page = view.readOlder(first.id, PAGE_MESSAGES);
  }
}
