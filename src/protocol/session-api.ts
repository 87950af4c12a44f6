/** WIRE: bodies of `/api/v1/sessions`. Times are ISO 8601 in UTC. */
import { z } from "zod";
import { StoredMessage } from "./session-frame.ts";

export const MAX_TITLE_CHARACTERS = 200;

export const SessionSummary = z.object({
  id: z.string(),
  title: z.string(),
  createdAt: z.iso.datetime(),
  /** The last time a message was added or an answer ended. */
  updatedAt: z.iso.datetime(),
});
export type SessionSummary = z.infer<typeof SessionSummary>;

/** `POST /api/v1/sessions` (body may be empty) → 201 with a SessionSummary. */
export const CreateSessionBody = z.strictObject({
  title: z.string().trim().min(1).max(MAX_TITLE_CHARACTERS).optional(),
});

/** `PATCH /api/v1/sessions/{id}` → 200 with a SessionSummary. */
export const UpdateSessionBody = z.strictObject({
  title: z.string().trim().min(1).max(MAX_TITLE_CHARACTERS),
});

/** `GET /api/v1/sessions?limit=&cursor=&query=`: newest first; `query` searches titles. */
export const SessionListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(200).optional(),
  query: z.string().trim().max(200).optional(),
});
export const SessionList = z.object({
  sessions: z.array(SessionSummary),
  /** Give it back as `cursor` for the next page; null on the last one. */
  nextCursor: z.string().nullable(),
});
export type SessionList = z.infer<typeof SessionList>;

/**
 * `GET /api/v1/sessions/{id}/messages?limit=&before=`: the newest messages of the path that is shown, or those above
 * the message `before`, oldest first; without `before` a running answer as far as it has come is among them.
 */
export const SessionMessagesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
  before: z.string().max(200).optional(),
});
export const SessionMessages = z.object({
  messages: z.array(StoredMessage),
  /** There are messages above the first one. */
  hasOlder: z.boolean().default(false),
});
export type SessionMessages = z.infer<typeof SessionMessages>;

/** `POST /api/v1/sessions/{id}/stop` → 200: ends the running turn as `cancelled`, and those that wait. */
export const SessionStopped = z.object({ stopped: z.boolean() });
export type SessionStopped = z.infer<typeof SessionStopped>;

/** `GET /api/v1/sessions/{id}/search?query=&limit=`: newest first, over all branches. */
export const SessionSearchQuery = z.object({
  query: z.string().trim().min(1).max(200),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const SessionSearchHit = z.object({
  messageId: z.string(),
  role: z.enum(["user", "assistant"]),
  /** Text around the first place that was found, at most 240 characters. */
  excerpt: z.string(),
  createdAt: z.iso.datetime(),
});
export type SessionSearchHit = z.infer<typeof SessionSearchHit>;
export const SessionSearchResult = z.object({ hits: z.array(SessionSearchHit) });
export type SessionSearchResult = z.infer<typeof SessionSearchResult>;

/** `GET /api/v1/sessions/{id}/export?format=`: the whole chat as a file. */
export const SessionExportQuery = z.object({ format: z.enum(["json", "markdown"]).default("json") });
/** `format=json`: every message of every branch, oldest first, and which of them ends the path that is shown. */
export const SessionExport = z.object({
  version: z.literal(1),
  id: z.string(),
  title: z.string(),
  createdAt: z.iso.datetime(),
  exportedAt: z.iso.datetime(),
  leafMessageId: z.string().nullable(),
  messages: z.array(StoredMessage),
});
export type SessionExport = z.infer<typeof SessionExport>;

/** `POST /api/v1/sessions/{id}/share` → 201: a read-only link; an earlier one stops working. `DELETE` → 204. */
export const SessionShare = z.object({ token: z.string(), url: z.url() });
export type SessionShare = z.infer<typeof SessionShare>;
/** `GET /api/v1/sessions/{id}/share`. */
export const SessionShareState = z.object({ isShared: z.boolean(), createdAt: z.iso.datetime().nullable() });
export type SessionShareState = z.infer<typeof SessionShareState>;
/** `GET /api/v1/shared/{token}?before=&limit=`: for anybody who has the link; receipts without prices and reasons. */
export const SharedChat = z.object({
  title: z.string(),
  messages: z.array(StoredMessage),
  hasOlder: z.boolean(),
});
export type SharedChat = z.infer<typeof SharedChat>;

/** What may be attached: pictures for models that can see, and text files. */
export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;
export const MAX_ATTACHMENT_BYTES = 5 * 1_048_576;
export const MAX_ATTACHMENTS_PER_MESSAGE = 5;
/**
 * `POST /api/v1/sessions/{id}/attachments?name=` with the bytes as the body and their type → 201. The part of a
 * message that refers to it is `{type: "file", mediaType, filename, url}` with this `url`.
 */
export const SessionAttachment = z.object({
  id: z.string(),
  name: z.string(),
  mediaType: z.string(),
  bytes: z.int().positive(),
  /** A path of this origin; its owner can read the file there. */
  url: z.string(),
});
export type SessionAttachment = z.infer<typeof SessionAttachment>;

/** `POST /api/v1/sessions/{id}/ticket` → 201. Single use, valid for `expiresInSeconds`. */
export const SessionTicket = z.object({ ticket: z.string(), expiresInSeconds: z.int().positive() });
export type SessionTicket = z.infer<typeof SessionTicket>;
