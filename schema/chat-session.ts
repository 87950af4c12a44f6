/**
 * Tables inside each ChatSession object. Every primary key is the rowid, so that an insert is one written row;
 * ids that clients know are looked up over small tables or kept unique where a duplicate would be a double turn.
 */
import { integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** One row, id 1: whose chat this is. */
export const session = sqliteTable("session", {
  id: integer("id").primaryKey(),
  sessionId: text("session_id").notNull(),
  organizationId: text("organization_id").notNull(),
  userId: text("user_id").notNull(),
  title: text("title").notNull(),
  /** The newest message of the branch that is shown. */
  leafMessageId: text("leaf_message_id"),
  /** Who served the last turn: its prompt cache is warm. */
  lastProvider: text("last_provider"),
  createdAtMs: integer("created_at_ms").notNull(),
  /** Where the title comes from: a later one of a lower kind does not replace it. */
  titleSource: text("title_source", { enum: ["none", "question", "model", "person"] })
    .notNull()
    .default("none"),
});

export const message = sqliteTable(
  "message",
  {
    position: integer("position").primaryKey(),
    messageId: text("message_id").notNull(),
    parentId: text("parent_id"),
    role: text("role", { enum: ["user", "assistant"] }).notNull(),
    parts: text("parts", { mode: "json" }).notNull(),
    /** The receipt of an answer; null on a user's message. */
    metadata: text("metadata", { mode: "json" }),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  // A message that a client sends twice is one message.
  (table) => [uniqueIndex("message_by_id").on(table.messageId)],
);

export const turn = sqliteTable("turn", {
  position: integer("position").primaryKey(),
  turnId: text("turn_id").notNull(),
  /** The id that the turn's frames carry. */
  requestId: text("request_id").notNull(),
  selectionId: text("selection_id").notNull(),
  /** The answer's message id, given before the answer exists. */
  messageId: text("message_id").notNull(),
  parentId: text("parent_id").notNull(),
  /** What was asked for, JSON array of classes and targets; empty for the default. */
  requested: text("requested", { mode: "json" }).notNull(),
  /** The policy that was asked for; null for the default. */
  policy: text("policy"),
  status: text("status", {
    enum: ["queued", "running", "complete", "incomplete", "failed", "cancelled"],
  }).notNull(),
  /** Set before the abort, so that a stop outlives a crash. */
  stopRequested: integer("stop_requested", { mode: "boolean" }).notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  endedAtMs: integer("ended_at_ms"),
  /** Counts the crashes that it has lived through. */
  generation: integer("generation").notNull().default(0),
  /** How many chunks of its log the last crash had left. */
  rewoundTo: integer("rewound_to").notNull().default(0),
});

/** What a program asked of a turn beside the question. Most turns have no such row. */
export const callSettings = sqliteTable("call_settings", {
  /** The turn's position. */
  id: integer("id").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/**
 * The log of the running answer, and of the last one until the next begins. A row is appended to in place up to a
 * size, so that a turn writes few of them; it is keyed so that a turn's rows lie together in order.
 */
export const chunk = sqliteTable("chunk", {
  /** Turn position × 2^24 + sequence of the first chunk in `body`. */
  id: integer("id").primaryKey(),
  /** Chunks, one JSON text a line; one JSON array in rows from before lines. */
  body: text("body").notNull(),
});

/** Messages with others beside them: a row each, in the order in which they came. Most messages have none. */
export const branch = sqliteTable("branch", {
  id: integer("id").primaryKey(),
  /** The message above; empty for first messages. */
  parentId: text("parent_id").notNull(),
  messageId: text("message_id").notNull(),
});

/** What models are told in place of older messages. */
export const summary = sqliteTable("summary", {
  id: integer("id").primaryKey(),
  /** It stands for everything on the path up to and with this message. */
  upToMessageId: text("up_to_message_id").notNull(),
  body: text("body").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** Read-only links to this chat: only their hash is kept. */
export const share = sqliteTable("share", {
  id: integer("id").primaryKey(),
  hash: text("hash").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** Files that were attached; their bytes are in R2. */
export const attachment = sqliteTable("attachment", {
  id: integer("id").primaryKey(),
  attachmentId: text("attachment_id").notNull(),
  name: text("name").notNull(),
  mediaType: text("media_type").notNull(),
  bytes: integer("bytes").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** What must reach D1 and has not been handed to the queue yet. */
export const outbox = sqliteTable("outbox", {
  id: integer("id").primaryKey(),
  body: text("body", { mode: "json" }).notNull(),
});

/** Socket tickets that were issued and not used: only their hash is kept. */
export const ticket = sqliteTable("ticket", {
  id: integer("id").primaryKey(),
  hash: text("hash").notNull(),
  userId: text("user_id").notNull(),
  organizationId: text("organization_id").notNull(),
  /** By what its holder was let in, JSON; null in rows from before it. */
  credential: text("credential", { mode: "json" }),
  expiresAtMs: integer("expires_at_ms").notNull(),
});

/** Not written any more (the wake-up follows from the other rows); kept, since no table is ever dropped. */
export const alarm = sqliteTable("alarm", {
  id: integer("id").primaryKey(),
  dueAtMs: integer("due_at_ms").notNull(),
});
