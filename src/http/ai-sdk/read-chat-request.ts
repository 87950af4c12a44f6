/**
 * The body of `POST /api/chat` as what a chat is asked: the newest message alone, since the chat knows the others
 * better, or the words on an answer's tool calls. Pure but for the body. Rules HT130, HT132, HT136, HT195, HT201,
 * HT280.
 */
import { z } from "zod";
import { fail, succeed, type Result } from "../../base/result.ts";
import { AiSdkChatRequest, AskedMessage } from "../../protocol/ai-sdk-chat.ts";
import { toBounded } from "../../protocol/caller-json.ts";
import type { ChatQuestion } from "../../protocol/chat-question.ts";
import {
  ClientMessage,
  MAX_COPY_MESSAGES,
  MAX_FRAME_BYTES,
  MAX_QUESTION_BYTES,
} from "../../protocol/session-frame.ts";
import { toRequestedNames } from "../../providers/catalog.ts";
import { findBrought } from "../../session/questions/accept-message.ts";
import { MessageSplitter } from "../../session/questions/message-splitter.ts";
import {
  FILES_TOO_LARGE,
  isQuestionTooLarge,
  QUESTION_TOO_LARGE,
} from "../../session/questions/question-size.ts";
import { readToolWords, toWordsAlone } from "../../session/tools/tool-words.ts";
import type { AppContext } from "../app-env.ts";
import { readJsonInPieces, refuseTooLarge } from "../body.ts";
import { refuse } from "../respond.ts";

/** What Cloudflare's plans let through: a client's copy of a chat with its pictures, which it sends with each question. */
const MAX_HISTORY_BYTES = 100_000_000;

export interface ReadChatRequest {
  readonly id: string;
  readonly question: Omit<ChatQuestion, "requestId">;
  /** Classes or targets in the order to try them; empty: the default class. */
  readonly models: readonly string[];
}

/** A failure is the answer to give. */
export async function readChatRequest(context: AppContext): Promise<Result<ReadChatRequest, Response>> {
  const pieces = new MessageSplitter({
    limitBytes: MAX_QUESTION_BYTES,
    maxMessages: MAX_COPY_MESSAGES,
    toEarlier,
  });
  const limits = {
    limitBytes: MAX_HISTORY_BYTES,
    keptBytes: MAX_QUESTION_BYTES,
    keptTooLarge: FILES_TOO_LARGE,
  };
  const body = await readJsonInPieces(context, AiSdkChatRequest, pieces, limits);
  if (!body.ok) return body;
  const { id, trigger, messageId, model, models, policy } = body.value;
  if (model !== undefined && models !== undefined) {
    return fail(refuseField(context, "models", "Name `model` or `models`, not both."));
  }
  const isAgain = trigger === "regenerate-message";
  const messages = isAgain ? readQuestionAgain(context, body.value) : readMessages(context, body.value);
  if (!messages.ok) return messages;
  return succeed({
    id,
    models: toRequestedNames(body.value),
    question: {
      trigger,
      messages: messages.value,
      body: { model, models, policy },
      bringsWords: true,
      ...(messageId === undefined ? {} : { messageId }),
    },
  });
}

/**
 * Where another answer is asked for: the question that it is to be an answer to, which ends the client's copy, since it
 * may be one that never arrived. None where an answer is named.
 */
function readQuestionAgain(
  context: AppContext,
  { messages, message, messageId }: AiSdkChatRequest,
): Result<ChatQuestion["messages"], Response> {
  const newest = ClientMessage.safeParse(messages?.at(-1) ?? message);
  const brought = newest.success ? findBrought({ messages: [newest.data], messageId }) : null;
  if (brought === null) return succeed([]);
  const { id, role, parts } = brought;
  const bounded = BoundedParts.safeParse(parts);
  if (!bounded.success) {
    const [issue] = bounded.error.issues;
    const place = messages === undefined ? "message" : `messages.${messages.length - 1}`;
    return fail(refuseField(context, `${place}.parts`, issue?.message ?? "is not valid"));
  }
  return isQuestionTooLarge(parts)
    ? fail(refuseTooLarge(context, MAX_FRAME_BYTES, QUESTION_TOO_LARGE))
    : succeed([{ id, role, parts }]);
}

/** Data parts are their client's own making, and written out again. */
const BoundedParts = toBounded(z.array(z.unknown()));

/** Of a message that others follow: who spoke, and what it says about tool calls. */
function toEarlier(message: unknown): object {
  const words = toWords(message);
  if (words !== null) return words;
  const { id, role } = Named.parse(message);
  return { id, role };
}

/** Whatever is no such message is found by the shape of the whole. */
const Named = z
  .object({ id: z.string().optional().catch(undefined), role: z.string().optional().catch(undefined) })
  .catch({});

function readMessages(
  context: AppContext,
  request: AiSdkChatRequest,
): Result<ChatQuestion["messages"], Response> {
  if ((request.messages === undefined) === (request.message === undefined)) {
    return fail(refuseField(context, "messages", "Send `messages`, or `message` alone."));
  }
  const { messages, message, messageId } = request;
  const named = messageId === undefined ? undefined : messages?.find(({ id }) => id === messageId);
  const words = toWords(named ?? messages?.at(-1) ?? message);
  if (words !== null) return succeed([words]);
  const newest = readNewest(context, request);
  if (!newest.ok) return newest;
  // Words that were said before the question was asked come along.
  const before = toWords(messages?.findLast(({ role }) => role === "assistant"));
  return before === null ? newest : succeed([before, ...newest.value]);
}

/** The words on an answer's calls that a message of the client brings; null when it brings none. */
function toWords(message: unknown): ClientMessage | null {
  const answer = ClientMessage.safeParse(message);
  if (!answer.success) return null;
  const words = readToolWords({ trigger: "submit-message", messages: [answer.data] });
  return words === null ? null : toWordsAlone(answer.data);
}

function readNewest(
  context: AppContext,
  { messages, message }: AiSdkChatRequest,
): Result<ChatQuestion["messages"], Response> {
  const place = messages === undefined ? "message" : `messages.${messages.length - 1}`;
  const newest = AskedMessage.safeParse(messages?.at(-1) ?? message);
  if (!newest.success) {
    const issues = newest.error.issues
      .slice(0, 20)
      .map(({ path, message: complaint }) => ({ path: [place, ...path].join("."), message: complaint }));
    const detail =
      "The newest message must be a question of text and files, or an answer with a word on its tool calls.";
    return fail(refuse(context, "invalid-request", detail, { issues }));
  }
  const { id, role, parts } = newest.data;
  if (parts.every((part) => part.type === "text" && part.text.trim() === "")) {
    return fail(refuseField(context, `${place}.parts`, "The question is empty. Write something first."));
  }
  // The chat's object takes no more at once, over a socket or from here.
  if (isQuestionTooLarge(parts)) {
    return fail(refuseTooLarge(context, MAX_FRAME_BYTES, QUESTION_TOO_LARGE));
  }
  return succeed([{ id, role, parts }]);
}

export function refuseField(context: AppContext, path: string, message: string): Response {
  return refuse(context, "invalid-request", message, { issues: [{ path, message }] });
}
