/** A message's row, as Drizzle reads it, and the message in it. PERSISTED. */
import type * as tables from "../../../schema/chat-session.ts";
import { Receipt } from "../../protocol/answer.ts";
import { StoredMessage } from "../../protocol/session-frame.ts";

export type MessageRow = typeof tables.message.$inferSelect;

/** A message as it is stored, parsed. */
export function toStoredMessage(row: MessageRow): StoredMessage {
  return StoredMessage.parse({
    id: row.messageId,
    role: row.role,
    parentId: row.parentId,
    parts: row.parts,
    metadata: row.metadata === null ? null : Receipt.parse(row.metadata),
    createdAt: new Date(row.createdAtMs).toISOString(),
  });
}
