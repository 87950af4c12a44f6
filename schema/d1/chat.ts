/** The list of chats. The messages are in the chat's own object (schema/chat-session.ts), never here. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { organization, user } from "./accounts.ts";

export const chat = sqliteTable(
  "chat",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    title: text("title").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** The last time a message was added or an answer ended; only ever grows. */
    updatedAtMs: integer("updated_at_ms").notNull(),
    deletedAtMs: integer("deleted_at_ms"),
    /** The name that its owner's client has made up for it (AI SDK's chat id); null for a chat that we have named. */
    clientChatId: text("client_chat_id"),
  },
  (table) => [
    // The side bar: one person's chats, newest first, without the deleted ones.
    index("chat_owner_updated")
      .on(table.userId, table.organizationId, table.updatedAtMs, table.id)
      .where(sql`${table.deletedAtMs} is null`),
    // A name is free again when its chat is deleted. Chats without one cost no row here.
    uniqueIndex("chat_owner_client_chat")
      .on(table.userId, table.organizationId, table.clientChatId)
      .where(sql`${table.clientChatId} is not null and ${table.deletedAtMs} is null`),
  ],
);
