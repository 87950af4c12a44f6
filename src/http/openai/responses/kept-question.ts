/**
 * What a request asks of a chat that keeps it: one message, answered as the chat answers. Whatever a chat has no place
 * for is refused by name. Pure. Rule HT112.
 */
import { fail, succeed, type Result } from "../../../base/result.ts";
import type { ResponseRequest } from "../../../protocol/openai-responses.ts";
import { MAX_FRAME_BYTES, type ClientMessage } from "../../../protocol/session-frame.ts";
import { acceptFiles } from "../../../session/accept-files.ts";
import { isLongerThan } from "../../../session/frame-text.ts";
import type { CallMistake } from "../../door/wire-writer.ts";

type Parts = ClientMessage["parts"];

/** Kept answers are the chat's own, with its own tools: these would have no effect. */
const WITHOUT_EFFECT = [
  "instructions",
  "max_output_tokens",
  "temperature",
  "top_p",
  "tools",
  "tool_choice",
  "text",
  "reasoning",
] as const satisfies readonly (keyof ResponseRequest)[];

export function isKept({ store, previous_response_id: previous }: ResponseRequest): boolean {
  return store === true || previous != null;
}

export function toKeptQuestion(request: ResponseRequest): Result<Parts, CallMistake> {
  if (request.store === false) {
    return refuseField("store", "a response that goes on with another is kept with it; leave it out");
  }
  const field = WITHOUT_EFFECT.find((name) => !isEmpty(request[name]));
  if (field !== undefined) {
    return refuseField(
      field,
      "a kept response is answered as its chat answers; leave it out, or send the whole input without store and previous_response_id",
    );
  }
  const parts = toParts(request.input);
  if (!parts.ok) return parts;
  const files = acceptFiles({ parts: parts.value }, () => false);
  if (!files.ok) return fail({ code: "invalid-request", param: "input", message: `input: ${files.error}` });
  if (parts.value.every((part) => part.type === "text" && `${String(part["text"])}`.trim() === "")) {
    return refuseField("input", "the question is empty");
  }
  if (isLongerThan(JSON.stringify(parts.value), MAX_FRAME_BYTES)) {
    return refuseField("input", `a kept question has at most ${MAX_FRAME_BYTES} bytes`);
  }
  return parts;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}

function toParts(input: ResponseRequest["input"]): Result<Parts, CallMistake> {
  if (typeof input === "string") return succeed([{ type: "text", text: input }]);
  const [item, ...rest] = input;
  if (rest.length > 0 || item?.type !== "message" || item.role !== "user") {
    return refuseField("input", "a kept response takes one message of the user; its chat knows the others");
  }
  if (typeof item.content === "string") return succeed([{ type: "text", text: item.content }]);
  const parts: Parts = [];
  for (const part of item.content) {
    if (part.type === "input_text") {
      parts.push({ type: "text", text: part.text });
      continue;
    }
    const mediaType = /^data:(image\/[a-z0-9.+-]+);base64,/u.exec(part.image_url)?.[1];
    if (mediaType === undefined) {
      return refuseField("input.0", "a kept image must be a data URL of an image in base64");
    }
    parts.push({ type: "file", mediaType, url: part.image_url });
  }
  return succeed(parts);
}

function refuseField(param: string, complaint: string): Result<never, CallMistake> {
  return fail({ code: "invalid-request", param, message: `${param}: ${complaint}.` });
}
