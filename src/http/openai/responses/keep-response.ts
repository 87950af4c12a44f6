/**
 * A response that is kept (`store`, `previous_response_id`): asked of a chat of this service, the same that the web page
 * shows, and followed. Rules HT110 to HT115.
 */
import { newId, newMessageId } from "../../../base/id.ts";
import { fail, succeed, type Result } from "../../../base/result.ts";
import type { ResponseRequest } from "../../../protocol/openai-responses.ts";
import type { ChatQuestion } from "../../../protocol/session-frame.ts";
import { toRequestedNames } from "../../../providers/catalog.ts";
import type { ChatReply } from "../../../session/answer-stream.ts";
import { makeClientChat, NEW_CHATS_WITHIN_MS } from "../../ai-sdk/client-chat.ts";
import { readPrincipal, type AppContext } from "../../app-env.ts";
import type { DoorDeps } from "../../door/open-answer.ts";
import { refuse } from "../../respond.ts";
import type { ChatObject, Services } from "../../services.ts";
import { refuseCall } from "../openai-error.ts";
import { followKept, type FollowedChat } from "./follow-kept.ts";
import { toKeptQuestion } from "./kept-question.ts";
import { parseResponseId, type KeptResponse } from "./response-id.ts";

export interface KeepDeps extends DoorDeps {
  readonly chats: Pick<Services, "chatObject" | "directory">;
}

/** How far back in a chat a response may lie that another one goes on with beside what came after it. */
const MAX_MESSAGES_BACK = 1_000;
/** A chat answers within its own time, and neither keeps nor explains what it did for one caller. */
const HEADERS_WITHOUT_EFFECT = [
  "x-breakwater-timeout-ms",
  "x-breakwater-trace",
  "x-breakwater-cache",
  "x-breakwater-policy",
];

export async function keepResponse(
  deps: KeepDeps,
  context: AppContext,
  request: ResponseRequest,
): Promise<Response> {
  const parts = toKeptQuestion(request);
  if (!parts.ok) return refuseCall(context, parts.error);
  const models = toRequestedNames(request);
  const complaint = findComplaint(deps, context, models);
  if (complaint !== null) return complaint;
  const place = await findPlace(deps, context, request.previous_response_id ?? null);
  if (!place.ok) return place.error;
  const { sessionId, besideId } = place.value;
  const chat = deps.chats.chatObject(sessionId);
  const question: ChatQuestion = {
    requestId: newId("ask", deps.idSource),
    trigger: "submit-message",
    messages: [{ id: newMessageId(deps.idSource), role: "user", parts: parts.value }],
    body: { ...(models.length === 0 ? {} : { models: [...models] }), ...toPolicy(request) },
    ...(besideId === null ? {} : { messageId: besideId }),
  };
  const reply = await chat.ask(question);
  if (reply.type !== "answer") return refuseReply(context, reply);
  const followed: FollowedChat = { sessionId, chat, events: reply.events, server: reply.server };
  return followKept(deps, context, request, followed);
}

function toPolicy({ policy }: ResponseRequest): Pick<ChatQuestion["body"], "policy"> {
  return policy === undefined ? {} : { policy };
}

function findComplaint(deps: KeepDeps, context: AppContext, models: readonly string[]): Response | null {
  const header = HEADERS_WITHOUT_EFFECT.find((name) => context.req.header(name) !== undefined);
  if (header !== undefined) {
    const message = `${header}: has no effect on a response that is kept; leave it out.`;
    return refuseCall(context, { code: "invalid-request", param: header, message });
  }
  const resolved = deps.resolveModels(models);
  if (resolved.ok) return null;
  return refuseCall(context, { code: "model-not-found", param: "model", message: resolved.error });
}

/** Where the question goes: a new chat, behind the newest answer, or beside the question that came after an older one. */
interface Place {
  readonly sessionId: KeptResponse["sessionId"];
  readonly besideId: string | null;
}

async function findPlace(
  deps: KeepDeps,
  context: AppContext,
  previous: string | null,
): Promise<Result<Place, Response>> {
  if (previous === null) return makeChat(deps, context);
  const { chats } = deps;
  const kept = parseResponseId(previous);
  const entry = kept === null ? null : await chats.directory.read(readPrincipal(context), kept.sessionId);
  if (kept === null || entry === null) return fail(refusePrevious(context, previous));
  const chat = chats.chatObject(kept.sessionId);
  if ((await chat.findAnswer(kept.messageId)) === null) return fail(refusePrevious(context, previous));
  const next = await findNext(chat, kept.messageId);
  return next.ok
    ? succeed({ sessionId: kept.sessionId, besideId: next.value })
    : fail(refuseElsewhere(context));
}

async function makeChat(deps: KeepDeps, context: AppContext): Promise<Result<Place, Response>> {
  const { clock, idSource, chats } = deps;
  const owner = readPrincipal(context);
  const made = await makeClientChat({ clock, idSource, ...chats }, owner, newId("responses", idSource));
  if (made.ok) return succeed({ sessionId: made.value.id, besideId: null });
  return fail(
    refuse(context, "rate-limited", "So many chats were made within a minute that no more can be.", {
      headers: { "retry-after": String(NEW_CHATS_WITHIN_MS / 1_000) },
    }),
  );
}

/** The question behind an answer on the path that is shown; null when the answer is the newest message there. */
async function findNext(chat: ChatObject, messageId: string): Promise<Result<string | null, "elsewhere">> {
  const newest = await chat.readMessages(1, null);
  if (newest.messages.at(-1)?.id === messageId) return succeed(null);
  const { messages } = await chat.readMessages(MAX_MESSAGES_BACK, null);
  const next = messages.find(({ parentId, role }) => parentId === messageId && role === "user");
  return next === undefined ? fail("elsewhere") : succeed(next.id);
}

/** One answer for a response that was not kept, that is gone, and that is somebody else's. */
function refusePrevious(context: AppContext, previous: string): Response {
  const message = `previous_response_id: there is no kept response ${previous.slice(0, 100)}. Only responses with store: true are kept.`;
  const type = "invalid_request_error";
  const error = { message, type, param: "previous_response_id", code: "previous_response_not_found" };
  return context.json({ error }, 404);
}

function refuseElsewhere(context: AppContext): Response {
  const message =
    "previous_response_id: its chat shows another branch now. Go on with a response that is on it, or select the branch.";
  return refuseCall(context, { code: "invalid-request", param: "previous_response_id", message });
}

function refuseReply(context: AppContext, reply: Exclude<ChatReply, { type: "answer" }>): Response {
  switch (reply.type) {
    case "refused":
      return refuse(context, "conflict", reply.reason);
    case "no-active":
      return refuse(context, "conflict", "This question has its answer already. Read the chat's messages.");
    case "too-many-readers":
      return refuse(context, "unavailable", "Too many answers of this chat are being read at once.");
    case "unknown-chat":
      return refuse(context, "not-found", "There is no such chat.");
  }
}
