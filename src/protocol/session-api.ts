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

/** `GET /api/v1/sessions/{id}/messages`: the active path, oldest first, a running answer's stored part included. */
export const SessionMessages = z.object({ messages: z.array(StoredMessage) });
export type SessionMessages = z.infer<typeof SessionMessages>;

/** `POST /api/v1/sessions/{id}/ticket` → 201. Single use, valid for `expiresInSeconds`. */
export const SessionTicket = z.object({ ticket: z.string(), expiresInSeconds: z.int().positive() });
export type SessionTicket = z.infer<typeof SessionTicket>;
