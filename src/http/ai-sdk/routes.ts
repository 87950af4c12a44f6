/**
 * `/api/chat`: the chats of the sockets, for an unmodified `useChat` of AI SDK 7 over plain HTTP. What is asked goes to
 * the chat's object as a `send` on the stock wire, what is answered is AI SDK's UI message stream. Rules HT130 to HT139, HT360.
 */
import type { Hono } from "hono";
import { newId, type SessionId } from "../../base/id.ts";
import { ClientChatId } from "../../protocol/ai-sdk-chat.ts";
import type { SessionStopped } from "../../protocol/session-api.ts";
import { acceptFiles } from "../../session/files/accept-files.ts";
import type { ChatReply, Server } from "../../session/log/answer-stream.ts";
import { parseSessionId } from "../../session/directory/session-id.ts";
import { readPrincipal, type AppContext, type AppEnv } from "../app-env.ts";
import { refuseUnknown } from "../own-chat.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";
import { limitCalls } from "../middleware/limit-calls.ts";
import { findClientChat, makeClientChat, NEW_CHATS_WITHIN_MS } from "./client-chat.ts";
import { readChatRequest, refuseField, type ReadChatRequest } from "./read-chat-request.ts";

/** Names a request, so that sent again it is the same one. */
const IDEMPOTENCY_HEADER = "idempotency-key";
const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,200}$/;

/** As AI SDK's own servers answer; `no-store` instead of its `no-cache`, as everywhere here. */
const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no",
} as const;

/** Which of our chats it is: a client that has made up the id needs it for everything under /api/v1/sessions. */
const SESSION_HEADER = "x-breakwater-session";

export function addAiSdkRoutes(app: Hono<AppEnv>, services: Services): void {
  const { callBudget, clock } = services;
  // Nothing on this wire tells of what is left.
  if (callBudget !== null)
    app.use(
      "/api/chat",
      limitCalls(clock, callBudget, () => undefined),
    );
  app.post("/api/chat", (context) => ask(services, context));
  app.get("/api/chat/:chatId/stream", (context) => resume(services, context));
  app.post("/api/chat/:chatId/stop", (context) => stop(services, context));
}

async function ask(services: Services, context: AppContext): Promise<Response> {
  const read = await readChatRequest(context);
  if (!read.ok) return read.error;
  const complaint = services.checkModels(read.value.models);
  if (complaint !== null) return refuseField(context, "model", complaint);
  const key = context.req.header(IDEMPOTENCY_HEADER);
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key)) {
    return refuseField(context, IDEMPOTENCY_HEADER, "A key has 1 to 200 printable ASCII characters.");
  }
  const chat = await findOrMake(services, context, read.value);
  if (chat instanceof Response) return chat;
  const requestId = key ?? newId("ask", services.idSource);
  const reply = await services.chatObject(chat).ask({ ...read.value.question, requestId });
  if (reply.type !== "no-active") return toResponse(context, chat, reply);
  return refuse(context, "conflict", "This question has its answer already. Read the chat's messages.", {
    headers: { [SESSION_HEADER]: chat },
  });
}

/** A question that cannot be taken makes no chat. */
async function findOrMake(
  services: Services,
  context: AppContext,
  { id, question }: ReadChatRequest,
): Promise<SessionId | Response> {
  const owner = readPrincipal(context);
  const found = await findClientChat(services, owner, id);
  if (found !== null) return found.id;
  const message = question.messages.at(-1);
  if (message?.role !== "user") return refuseUnknown(context);
  // Nothing was attached to a chat that is not there yet.
  const files = acceptFiles(message, () => null);
  if (!files.ok) return refuseField(context, "messages", files.error);
  const made = await makeClientChat(services, owner, id);
  if (made.ok) return made.value.id;
  if (made.error === "no-such-chat") return refuseUnknown(context);
  return refuse(context, "rate-limited", "So many chats were made within a minute that no more can be.", {
    headers: { "retry-after": String(NEW_CHATS_WITHIN_MS / 1_000) },
  });
}

/** A page asks for this whenever it is opened: no answer being written, or no chat yet, is no mistake. */
async function resume(services: Services, context: AppContext): Promise<Response> {
  const chat = await findNamed(services, context);
  if (chat instanceof Response) return chat;
  if (chat === null) return context.body(null, 204);
  // Who only asks for the headers has not left an answer that was to be read.
  const reply = await services.chatObject(chat).follow(context.req.method !== "HEAD");
  if (reply.type === "no-active") return context.body(null, 204, { [SESSION_HEADER]: chat });
  const response = toResponse(context, chat, reply);
  if (context.req.method !== "HEAD" || reply.type !== "answer") return response;
  await reply.events.cancel();
  return new Response(null, response);
}

async function stop(services: Services, context: AppContext): Promise<Response> {
  const chat = await findNamed(services, context);
  if (chat instanceof Response) return chat;
  if (chat === null) return refuseUnknown(context);
  const stopped: SessionStopped = { stopped: await services.chatObject(chat).stop() };
  return context.json(stopped, 200, { [SESSION_HEADER]: chat });
}

/** The chat in the address; null for a name that its caller has not used yet. */
async function findNamed(services: Services, context: AppContext): Promise<SessionId | Response | null> {
  const id = ClientChatId.safeParse(context.req.param("chatId"));
  if (!id.success) return refuseUnknown(context);
  const entry = await findClientChat(services, readPrincipal(context), id.data);
  if (entry !== null) return entry.id;
  return parseSessionId(id.data) === null ? null : refuseUnknown(context);
}

function toResponse(
  context: AppContext,
  chat: SessionId,
  reply: Exclude<ChatReply, { type: "no-active" }>,
): Response {
  const headers = { [SESSION_HEADER]: chat };
  switch (reply.type) {
    case "answer":
      return context.body(reply.events, 200, {
        ...headers,
        ...STREAM_HEADERS,
        ...toServerHeaders(reply.server),
      });
    case "refused":
      return refuse(context, "conflict", reply.reason, { headers });
    case "unavailable":
      return refuse(context, "unavailable", reply.reason, { headers });
    case "too-many-readers":
      return refuse(context, "unavailable", "Too many answers of this chat are being read at once.", {
        headers,
      });
    case "unknown-chat":
      return refuseUnknown(context);
  }
}

function toServerHeaders(server: Server | null): Record<string, string> {
  if (server === null) return {};
  return {
    "x-breakwater-provider": server.provider,
    "x-breakwater-model": server.model,
    "x-breakwater-attempts": String(server.attempts),
  };
}
