/** Chats: their list, their messages, their live socket. */
import { z } from "zod";
import {
  CreateSessionBody,
  SessionList,
  SessionListQuery,
  SessionMessages,
  SessionMessagesQuery,
  SessionSearchQuery,
  SessionSearchResult,
  SessionStopped,
  SessionSummary,
  SessionTicket,
  UpdateSessionBody,
} from "../../../protocol/session-api.ts";
import { ASKED_AT, MESSAGES, SESSION } from "../examples.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";

const PATH = "/api/v1/sessions/:sessionId";
const tag = "Chats";

const LIST_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: "/api/v1/sessions",
    id: "listSessions",
    tag,
    summary: "Your chats, newest first",
    description: "New chats do not shift the pages. Give `nextCursor` back as `cursor` for the next one.",
    query: SessionListQuery,
    answers: {
      200: toJsonAnswer("A page of chats.", SessionList, { sessions: [SESSION], nextCursor: null }),
    },
  },
  {
    method: "POST",
    path: "/api/v1/sessions",
    id: "createSession",
    tag,
    summary: "Start a chat",
    description: "The body may be empty: the chat then takes its name from its first question.",
    body: toJsonBody(
      CreateSessionBody,
      {
        empty: { summary: "Named by its first question", value: {} },
        titled: { summary: "With a name", value: { title: "What is a breakwater?" } },
      },
      false,
    ),
    answers: { 201: toJsonAnswer("The new chat.", SessionSummary, SESSION) },
  },
  {
    method: "GET",
    path: PATH,
    id: "readSession",
    tag,
    summary: "One chat",
    answers: { 200: toJsonAnswer("The chat.", SessionSummary, SESSION) },
  },
  {
    method: "PATCH",
    path: PATH,
    id: "renameSession",
    tag,
    summary: "Rename a chat",
    body: toJsonBody(UpdateSessionBody, {
      title: { summary: "Another name", value: { title: "Breakwaters" } },
    }),
    answers: { 200: toJsonAnswer("The chat.", SessionSummary, { ...SESSION, title: "Breakwaters" }) },
  },
  {
    method: "DELETE",
    path: PATH,
    id: "deleteSession",
    tag,
    summary: "Delete a chat with everything in it",
    answers: { 204: { description: "The chat is gone." } },
  },
];

const CHAT_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: `${PATH}/messages`,
    id: "listMessages",
    tag,
    summary: "The messages of the path that is shown",
    description:
      "The newest, or those above the message `before`, oldest first; a running answer is among them where its question is on the page.",
    query: SessionMessagesQuery,
    answers: {
      200: toJsonAnswer("A page of messages.", SessionMessages, { messages: MESSAGES, hasOlder: false }),
    },
  },
  {
    method: "GET",
    path: `${PATH}/search`,
    id: "searchMessages",
    tag,
    summary: "Messages in which some words stand, over all branches",
    query: SessionSearchQuery,
    answers: {
      200: toJsonAnswer("What was found, newest first.", SessionSearchResult, {
        hits: [
          { messageId: "msg_2", role: "assistant", excerpt: "A wall in the sea …", createdAt: ASKED_AT },
        ],
      }),
    },
  },
  {
    method: "POST",
    path: `${PATH}/stop`,
    id: "stopSession",
    tag,
    summary: "Stop what runs and take back what waits",
    answers: {
      200: toJsonAnswer("Whether there was anything to stop.", SessionStopped, { stopped: true }),
    },
  },
  {
    method: "POST",
    path: `${PATH}/ticket`,
    id: "createTicket",
    tag,
    summary: "A ticket for the chat's socket",
    description: "Works once and for a short time: for sockets that cannot send a header.",
    answers: {
      201: toJsonAnswer("The ticket.", SessionTicket, { ticket: "t".repeat(43), expiresInSeconds: 60 }),
    },
  },
  {
    method: "GET",
    path: `${PATH}/socket`,
    id: "openSocket",
    tag,
    summary: "The chat's live socket",
    description: [
      "An upgrade to a WebSocket. Who may come: a cookie, a key in a header, or `?ticket=`.",
      "",
      "Without a subprotocol the wire is that of AI SDK 7's `WebSocketChatTransport`: `send`, `resume` (with",
      "`lastSequence`) and `abort` go up, `start`, `chunk`, `end`, `error` and `no-active` come down. With the",
      "subprotocol `breakwater.v1` the same, plus what a shared, live chat needs.",
    ].join("\n"),
    query: z.object({
      ticket: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .meta({ description: "From `POST …/ticket`; works once." }),
    }),
    answers: { 101: { description: "The socket is open." } },
    refusals: [426],
    frames: { client: "LiveClientFrame", server: "LiveServerFrame" },
  },
];

export const SESSION_OPERATIONS: readonly OperationDoc[] = [...LIST_OPERATIONS, ...CHAT_OPERATIONS];
