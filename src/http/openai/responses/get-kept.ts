/** `GET /v1/responses/{id}`: a kept response as its chat has it. Rules HT193, HT354. */
import type { AskedAnswer } from "../../../session/views/asked-answer.ts";
import type { AppContext } from "../../app-env.ts";
import { refuseCall } from "../openai-error.ts";
import { findKept, refuseUnkept } from "./find-kept.ts";
import type { KeepDeps } from "./keep-response.ts";
import { KeptAnswer, toSaidEvents } from "./kept-answer.ts";
import { createItemIds, toResponseId, type KeptResponse } from "./response-id.ts";
import { ResponseWriter } from "./response-writer.ts";
import { toAskedWords } from "./to-call-settings.ts";

/** What is asked beside the id would change the answer: a client that reads a stream finds nothing in one piece. */
function findUntaken(context: AppContext): string | null {
  const query = new URL(context.req.url).searchParams;
  for (const [name, value] of query) if (value !== "false") return name.replace("[]", "");
  return null;
}

export async function getKept(deps: KeepDeps, context: AppContext, id: string): Promise<Response> {
  const param = findUntaken(context);
  if (param !== null) {
    const message = `${param}: a kept response is given as it is and in one piece; leave it out.`;
    return refuseCall(context, { code: "invalid-request", param, message });
  }
  const kept = await findKept(deps, context, id);
  const asked = kept === null ? null : await deps.chats.chatObject(kept.sessionId).readAnswer(kept.messageId);
  if (kept === null || asked === null) return refuseUnkept(context, id, "response_id", "response_not_found");
  return context.json(toResponse(kept, asked));
}

function toResponse(kept: KeptResponse, asked: AskedAnswer): object {
  const writer = createWriter(kept, asked);
  const { message } = asked;
  const receipt = message?.metadata ?? null;
  if (message === null || receipt === null) return writer.toUnfinished({ status: "in_progress" });
  const answer = new KeptAnswer();
  const opening = answer.take({ type: "message-metadata", messageMetadata: receipt });
  answer.finishReason = receipt.finishReason ?? null;
  writer.write([...opening, ...toSaidEvents(message)]);
  const breakwater = answer.toBreakwaterEnd();
  if (receipt.status === "complete") return writer.toWhole(answer.toEnd(), breakwater);
  const { usage } = answer;
  if (receipt.status === "cancelled") return writer.toUnfinished({ status: "cancelled", usage, breakwater });
  const error = { code: "server_error" as const, message: answer.complaint };
  return writer.toUnfinished({ status: "failed", error, usage, breakwater });
}

function createWriter(kept: KeptResponse, asked: AskedAnswer): ResponseWriter {
  const { sessionId } = kept;
  const { settings, previousId, requested, createdAtMs, message } = asked;
  const receipt = message?.metadata ?? null;
  const startedMs = receipt === null ? createdAtMs : Date.parse(receipt.createdAt);
  const previous = previousId === null ? null : toResponseId({ sessionId, messageId: previousId });
  return new ResponseWriter({
    id: toResponseId(kept),
    createdAt: Math.floor(startedMs / 1_000),
    nowSeconds: () => Math.floor((startedMs + (receipt?.durationMs ?? 0)) / 1_000),
    model: requested.join(","),
    request: { ...toAskedWords(settings ?? {}), store: true, previous_response_id: previous },
    newItemId: createItemIds(kept.messageId),
  });
}
