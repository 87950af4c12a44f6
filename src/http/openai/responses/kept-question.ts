/**
 * What a request asks of a chat that keeps it: messages of the user and what its tools gave, answered as the request
 * says. Whatever a chat has no place for is refused by name. Pure. Rules HT112, HT190, HT192, HT323.
 */
import { fail, succeed, type Result } from "../../../base/result.ts";
import { MAX_CALL_SETTINGS_CHARACTERS, type CallSettings } from "../../../protocol/call-settings.ts";
import type { ResponseInputItem, ResponseRequest } from "../../../protocol/openai-responses.ts";
import {
  MAX_FRAME_BYTES,
  MAX_MESSAGE_PARTS,
  type ClientMessage,
  type StoredMessage,
} from "../../../protocol/session-frame.ts";
import { toLeftCalls, toToolOutputPart, type ToolOutputPart } from "../../../protocol/tool-output.ts";
import { acceptFiles } from "../../../session/files/accept-files.ts";
import { acceptToolOutputs } from "../../../session/questions/accept-tool-outputs.ts";
import { isLongerThan } from "../../../session/frames/frame-text.ts";
import { isQuestionTooLarge } from "../../../session/questions/question-size.ts";
import type { CallMistake } from "../../door/wire-writer.ts";
import { findChoiceComplaint } from "../tool-choice.ts";
import { toCallSettings } from "./to-call-settings.ts";

type Parts = ClientMessage["parts"];
type Output = Pick<Extract<ResponseInputItem, { type: "function_call_output" }>, "call_id" | "output">;

export interface KeptQuestion {
  /** Words and pictures of the user. */
  readonly parts: Parts;
  /** What calls of the response before gave. */
  readonly outputs: readonly Output[];
  /** Null where nothing is asked beside the question. */
  readonly settings: CallSettings | null;
}

export function isKept({ store, previous_response_id: previous }: ResponseRequest): boolean {
  return store === true || previous != null;
}

export function toKeptQuestion(request: ResponseRequest): Result<KeptQuestion, CallMistake> {
  if (request.store === false) {
    return refuseField("store", "a response that goes on with another is kept with it; leave it out");
  }
  const settings = toSettings(request);
  if (!settings.ok) return settings;
  const items = toItems(request.input);
  if (!items.ok) return items;
  const { parts, outputs } = items.value;
  const files = acceptFiles({ parts }, () => null);
  if (!files.ok) return refuseField("input", files.error);
  if (parts.length + outputs.length > MAX_MESSAGE_PARTS) {
    return refuseField("input", `a kept question has at most ${MAX_MESSAGE_PARTS} texts, images and outputs`);
  }
  const isSaid = parts.some((part) => part.type !== "text" || `${String(part["text"])}`.trim() !== "");
  if (!isSaid && outputs.length === 0) return refuseField("input", "the question is empty");
  if (isQuestionTooLarge(parts, { outputs })) {
    return refuseField("input", `a kept question has at most ${MAX_FRAME_BYTES} bytes beside its images`);
  }
  return succeed({ parts: isSaid ? parts : [], outputs, settings: settings.value });
}

/** The outputs as parts of the question behind that answer; every call that it left has to have one. */
export function toOutputParts(
  outputs: KeptQuestion["outputs"],
  answer: Pick<StoredMessage, "parts" | "metadata"> | null,
): Result<ToolOutputPart[], CallMistake> {
  const calls = answer === null ? [] : toLeftCalls(answer);
  const [call] = calls;
  if (outputs.length === 0 && call !== undefined) {
    return refuseField("input", `the call ${call.toolCallId} has no output: give one for each call`);
  }
  const parts = outputs.map(({ call_id: toolCallId, output }) => {
    const toolName = calls.find((each) => each.toolCallId === toolCallId)?.toolName ?? "";
    return toToolOutputPart({ toolCallId, toolName, output: toText(output) });
  });
  const accepted = acceptToolOutputs({ parts }, answer);
  return accepted.ok ? accepted : refuseField("input", accepted.error);
}

function toSettings(request: ResponseRequest): Result<CallSettings | null, CallMistake> {
  const offered = (request.tools ?? []).map(({ name }) => name);
  const choice = findChoiceComplaint(offered, request.tool_choice);
  if (choice !== null) return refuseField("tool_choice", choice);
  // The chat's own tools are not the caller's to forbid; "auto" is what happens without a word.
  if (offered.length === 0 && request.tool_choice === "none") {
    return refuseField("tool_choice", "without tools of your own it would have no effect; leave it out");
  }
  const settings = toCallSettings(request);
  if (Object.keys(settings).length === 0) return succeed(null);
  if (isLongerThan(JSON.stringify(settings), MAX_CALL_SETTINGS_CHARACTERS)) {
    return refuseField(
      settings.tools === undefined ? "instructions" : "tools",
      `a kept response takes at most ${MAX_CALL_SETTINGS_CHARACTERS} bytes of instructions, formats and tools`,
    );
  }
  return succeed(settings);
}

function toItems(input: ResponseRequest["input"]): Result<Omit<KeptQuestion, "settings">, CallMistake> {
  if (typeof input === "string") return succeed({ parts: [{ type: "text", text: input }], outputs: [] });
  const parts: Parts = [];
  const outputs: Output[] = [];
  for (const [index, item] of input.entries()) {
    if (item.type === "function_call_output") {
      outputs.push(item);
      continue;
    }
    if (item.type !== "message" || item.role !== "user") {
      return refuseField(
        `input.${index}`,
        "a kept response takes messages of the user and outputs of calls; its chat knows the rest",
      );
    }
    const said = toParts(item.content, `input.${index}`);
    if (!said.ok) return said;
    parts.push(...said.value);
  }
  return succeed({ parts, outputs });
}

type UserContent = Extract<ResponseInputItem, { role: "user" }>["content"];

function toParts(content: UserContent, place: string): Result<Parts, CallMistake> {
  if (typeof content === "string") return succeed([{ type: "text", text: content }]);
  const parts: Parts = [];
  for (const part of content) {
    if (part.type === "input_text") {
      parts.push({ type: "text", text: part.text });
      continue;
    }
    const mediaType = /^data:(image\/[a-z0-9.+-]+);base64,/u.exec(part.image_url)?.[1];
    if (mediaType === undefined) {
      return refuseField(place, "a kept image must be a data URL of an image in base64");
    }
    parts.push({ type: "file", mediaType, url: part.image_url });
  }
  return succeed(parts);
}

const toText = (output: Output["output"]): string =>
  typeof output === "string" ? output : output.map(({ text }) => text).join("");

function refuseField(param: string, complaint: string): Result<never, CallMistake> {
  const sentence = complaint.endsWith(".") ? complaint : `${complaint}.`;
  return fail({ code: "invalid-request", param, message: `${param}: ${sentence}` });
}
