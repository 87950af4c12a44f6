/**
 * Follows the answer of a chat to its end and tells it as a response, whole or as a stream. Whoever stops reading stops
 * nothing: the answer is the chat's. Rules HT113 to HT115, HT196, HT345, HT375.
 */
import { KEEP_ALIVE, toBytes } from "../../../base/event-stream.ts";
import { describeError, describeStack } from "../../../auth/store/describe-error.ts";
import type { SessionId } from "../../../base/id.ts";
import type { ResponseRequest } from "../../../protocol/openai-responses.ts";
import type { AnswerEvent } from "../../../routing/run-plan.ts";
import type { Server } from "../../../session/log/answer-stream.ts";
import { readPrincipal, type AppContext } from "../../app-env.ts";
import { toFailureOf, toRetryAfter } from "../../door/answer-failure.ts";
import type { ChatObject } from "../../services.ts";
import { toOpenAiRefusal } from "../openai-error.ts";
import { keepItems } from "./items/keep-items.ts";
import type { KeepDeps } from "./keep-response.ts";
import { KeptAnswer, readChunks, STILL_HERE, toSaidEvents } from "./kept-answer.ts";
import { createItemIds, toItemStem, toResponseId } from "./response-id.ts";
import { ResponseWriter } from "./response-writer.ts";

export interface FollowedChat {
  readonly sessionId: SessionId;
  readonly chat: ChatObject;
  readonly events: ReadableStream<Uint8Array>;
  readonly server: Server | null;
}

type Chunks = ReturnType<typeof readChunks>;

const SESSION_HEADER = "x-breakwater-session";

export function followKept(
  deps: KeepDeps,
  context: AppContext,
  request: ResponseRequest,
  followed: FollowedChat,
): Promise<Response> {
  const following = {
    deps,
    context,
    request,
    followed,
    answer: new KeptAnswer(),
  };
  return request.stream === true ? streamKept(following) : giveKept(following);
}

interface Following {
  readonly deps: KeepDeps;
  readonly context: AppContext;
  readonly request: ResponseRequest;
  readonly followed: FollowedChat;
  readonly answer: KeptAnswer;
}

/** Read from where it is stored: what was taken back on the way is not in it. */
async function giveKept(following: Following): Promise<Response> {
  const { context, followed, answer } = following;
  const first: AnswerEvent[] = [];
  for await (const chunk of readChunks(followed.events)) {
    if (chunk === STILL_HERE) continue;
    first.push(...answer.take(chunk).filter(({ type }) => type === "leg-start"));
  }
  const stored =
    answer.finishReason === null || answer.messageId === null
      ? null
      : await followed.chat.findAnswer(answer.messageId);
  if (stored === null) return refuseAnswer(following);
  const writer = createWriter(following);
  writer.write([...first, ...toSaidEvents(stored)]);
  const end = answer.toEnd();
  await keepSaid(following, writer.listSaid(end));
  const whole = writer.toWhole(end, answer.toBreakwaterEnd());
  return context.json(whole, 200, toHeaders(following));
}

/** Until the first word a failure can still be an honest status. */
async function streamKept(following: Following): Promise<Response> {
  const { followed, answer } = following;
  const chunks = readChunks(followed.events);
  const opening: AnswerEvent[] = [];
  let hasWords = false;
  while (!hasWords) {
    const next = await chunks.next();
    if (next.done === true) break;
    if (next.value === STILL_HERE) continue;
    const events = answer.take(next.value);
    opening.push(...events);
    hasWords = events.some(({ type }) => type !== "leg-start");
  }
  if (!hasWords && answer.finishReason === null) return refuseAnswer(following);
  const writer = createWriter(following);
  const texts = tell(writer, following, opening, chunks);
  return new Response(toBody(texts), {
    headers: {
      ...toHeaders(following),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
    },
  });
}

/** The events of the response, to its end; a bug of ours is told too. */
async function* tell(
  writer: ResponseWriter,
  following: Following,
  opening: readonly AnswerEvent[],
  chunks: Chunks,
): AsyncGenerator<string, void, undefined> {
  const { answer, context } = following;
  try {
    yield writer.write(opening);
    for await (const chunk of chunks) {
      if (chunk === STILL_HERE) {
        yield KEEP_ALIVE;
        continue;
      }
      const text = writer.write(answer.take(chunk));
      if (answer.isTakenBack) break;
      if (text !== "") yield text;
    }
    if (answer.finishReason !== null) {
      const end = answer.toEnd();
      await keepSaid(following, writer.listSaid(end));
      yield writer.end(end, answer.toBreakwaterEnd());
    } else yield writer.breakOff(toComplaint(answer), answer.usage, answer.toBreakwaterEnd());
  } catch (error) {
    context.get("log").write("error", "internal_error", {
      request_id: context.get("requestId"),
      error: describeError(error),
      stack: describeStack(error),
    });
    yield writer.crash();
  }
}

/** A later call that is not kept may name the items of one that is. */
async function keepSaid({ deps, context, answer }: Following, items: readonly object[]): Promise<void> {
  const { organizationId } = readPrincipal(context);
  if (answer.messageId !== null)
    await keepItems(deps, { organizationId, stem: toItemStem(answer.messageId) }, items);
}

function toComplaint({ isTakenBack, complaint }: KeptAnswer): string {
  return isTakenBack ? "The answer began again. Read it in its chat." : complaint;
}

/** Written as fast as it is read. A reader who leaves ends the following alone. */
function toBody(texts: AsyncGenerator<string, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const next = await texts.next();
      if (next.done === true) controller.close();
      else controller.enqueue(toBytes(next.value));
    },
    cancel: async () => {
      await texts.return();
    },
  });
}

function createWriter({ deps, request, followed, answer }: Following): ResponseWriter {
  const nowSeconds = (): number => Math.floor(deps.clock.nowMs() / 1_000);
  const { messageId } = answer;
  if (messageId === null) throw new Error("an answer has words before it has begun");
  return new ResponseWriter({
    id: toResponseId({ sessionId: followed.sessionId, messageId }),
    createdAt:
      answer.receipt === null ? nowSeconds() : Math.floor(Date.parse(answer.receipt.createdAt) / 1_000),
    nowSeconds,
    model: (answer.receipt?.requested ?? []).join(","),
    request,
    newItemId: createItemIds(messageId),
  });
}

/** OpenAI's and Anthropic's clients repeat a 5xx by themselves unless they are told this. Rule HT376. */
const ASK_NO_MORE = { "x-should-retry": "false" };

/** As a call that is not kept is refused: a client repeats by itself what may pass, and that would ask a new chat. */
function refuseAnswer(following: Following): Response {
  const { context, answer } = following;
  const breakwater = answer.toBreakwaterEnd();
  const failure = answer.receipt?.failure ?? null;
  // Stopped in its chat, which is here the end of an answer that its caller still waits for.
  const isStopped = breakwater.status === "cancelled";
  const ended = isStopped ? "incomplete" : breakwater.status;
  const told = toFailureOf(ended, failure?.kind ?? null, toComplaint(answer));
  const { status, error } = toOpenAiRefusal(told);
  return context.json({ error, breakwater }, status, {
    ...toHeaders(following),
    ...toRetryAfter(failure),
    ...(isStopped ? ASK_NO_MORE : {}),
  });
}

function toHeaders({ deps, followed, answer }: Following): Record<string, string> {
  const leg = answer.receipt?.legs.at(-1) ?? followed.server;
  return {
    [SESSION_HEADER]: followed.sessionId,
    "x-breakwater-attempts": String(answer.receipt?.attempts ?? 0),
    ...(leg === null ? {} : { "x-breakwater-provider": leg.provider, "x-breakwater-model": leg.model }),
    ...(leg !== null && deps.isSandbox(leg.provider) ? { "x-breakwater-sandbox": "true" } : {}),
  };
}
