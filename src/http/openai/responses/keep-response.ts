/**
 * A response that is kept (`store`, `previous_response_id`): asked of a chat of this service, the same that the web page
 * shows, and followed. Rules HT110 to HT115, HT190 to HT194, HT346.
 */
import { newId, newMessageId } from "../../../base/id.ts";
import { fail, succeed, type Result } from "../../../base/result.ts";
import type { ResponseRequest } from "../../../protocol/openai-responses.ts";
import type { ChatQuestion } from "../../../protocol/chat-question.ts";
import type { ToolOutputPart } from "../../../protocol/tool-output.ts";
import { toRequestedNames } from "../../../providers/catalog.ts";
import type { ChatReply } from "../../../session/log/answer-stream.ts";
import { findClientChat, makeClientChat, NEW_CHATS_WITHIN_MS } from "../../ai-sdk/client-chat.ts";
import { readPrincipal, type AppContext } from "../../app-env.ts";
import type { DoorDeps } from "../../door/open-answer.ts";
import { refuse } from "../../respond.ts";
import type { Services } from "../../services.ts";
import { refuseCall } from "../openai-error.ts";
import { findKept, refuseUnkept } from "./find-kept.ts";
import { followKept, type FollowedChat } from "./follow-kept.ts";
import type { ResponseItemStore } from "./items/store.ts";
import { toKeptQuestion, toOutputParts, type KeptQuestion } from "./kept-question.ts";
import type { KeptResponse } from "./response-id.ts";

export interface KeepDeps extends DoorDeps {
  readonly chats: Pick<Services, "chatObject" | "directory">;
  readonly responseItems: ResponseItemStore;
}

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
  const kept = toKeptQuestion(request);
  if (!kept.ok) return refuseCall(context, kept.error);
  const models = toRequestedNames(request);
  const complaint = findComplaint(deps, context, models);
  if (complaint !== null) return complaint;
  const place = await findPlace(deps, context, request.previous_response_id ?? null, kept.value.outputs);
  if (!place.ok) return place.error;
  const { sessionId, parentId, outputs } = place.value;
  const { settings } = kept.value;
  const parts = [...outputs, ...kept.value.parts];
  const chat = deps.chats.chatObject(sessionId);
  const question: ChatQuestion = {
    requestId: context.get("keyedCall") ?? newId("ask", deps.idSource),
    trigger: "submit-message",
    messages: [{ id: newMessageId(deps.idSource), role: "user", parts }],
    body: { ...(models.length === 0 ? {} : { models: [...models] }), ...toPolicy(request) },
    ...(parentId === null ? {} : { parentId }),
    ...(settings === null ? {} : { settings }),
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

/** Where the question goes: into a new chat, or behind an answer of one, whatever stands there already. */
interface Place {
  readonly sessionId: KeptResponse["sessionId"];
  readonly parentId: string | null;
  /** What the calls of the answer before gave. */
  readonly outputs: readonly ToolOutputPart[];
}

async function findPlace(
  deps: KeepDeps,
  context: AppContext,
  previous: string | null,
  given: KeptQuestion["outputs"],
): Promise<Result<Place, Response>> {
  if (previous === null) {
    const none = toOutputParts(given, null);
    return none.ok ? makeChat(deps, context) : fail(refuseCall(context, none.error));
  }
  const kept = await findKept(deps, context, previous);
  const chat = kept === null ? null : deps.chats.chatObject(kept.sessionId);
  const answer = kept === null || chat === null ? null : await chat.findAnswer(kept.messageId);
  if (kept === null || chat === null || answer === null) return fail(refusePrevious(context, previous));
  const outputs = toOutputParts(given, answer);
  if (!outputs.ok) return fail(refuseCall(context, outputs.error));
  return succeed({ sessionId: kept.sessionId, parentId: kept.messageId, outputs: outputs.value });
}

async function makeChat(deps: KeepDeps, context: AppContext): Promise<Result<Place, Response>> {
  const { clock, idSource, chats } = deps;
  const owner = readPrincipal(context);
  const keyed = context.get("keyedCall");
  // The chat goes on when the Worker of its question has died: who makes the call anew is given the answer it has.
  const name = keyed === null ? newId("responses", idSource) : `responses_${keyed}`;
  const found = keyed === null ? null : await findClientChat(chats, owner, name);
  if (found !== null) return succeed({ sessionId: found.id, parentId: null, outputs: [] });
  const made = await makeClientChat({ clock, idSource, ...chats }, owner, name);
  if (made.ok) return succeed({ sessionId: made.value.id, parentId: null, outputs: [] });
  return fail(
    refuse(context, "rate-limited", "So many chats were made within a minute that no more can be.", {
      headers: { "retry-after": String(NEW_CHATS_WITHIN_MS / 1_000) },
    }),
  );
}

function refusePrevious(context: AppContext, previous: string): Response {
  return refuseUnkept(context, previous, "previous_response_id", "previous_response_not_found");
}

function refuseReply(context: AppContext, reply: Exclude<ChatReply, { type: "answer" }>): Response {
  switch (reply.type) {
    case "refused":
      return refuse(context, "conflict", reply.reason);
    case "no-active":
      return refuse(context, "conflict", "This question has its answer already. Read the chat's messages.");
    case "unavailable":
      return refuse(context, "unavailable", reply.reason);
    case "too-many-readers":
      return refuse(context, "unavailable", "Too many answers of this chat are being read at once.");
    case "unknown-chat":
      return refuse(context, "not-found", "There is no such chat.");
  }
}
