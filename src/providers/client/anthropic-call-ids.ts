/**
 * Ids of tool calls in the form that Anthropic takes. A call of a chat may have been another provider's, whose ids have
 * other characters (`functions.weather:0`, signatures in base64): Anthropic refuses the whole request for one of them.
 * Pure. Rule PR128.
 */
import { createHash } from "node:crypto";
import type { LanguageModelV4Message } from "@ai-sdk/provider";
import type { ModelCall } from "../provider.ts";

const TAKEN = /^[a-zA-Z0-9_-]+$/;

/** The same for a call and its result, in whatever request they come, so that prompts can be cached. */
function toTakenId(id: string): string {
  return TAKEN.test(id) ? id : `call_${createHash("sha256").update(id).digest("base64url")}`;
}

function rename<Part extends object>(part: Part): Part {
  if (!("toolCallId" in part) || typeof part.toolCallId !== "string") return part;
  return { ...part, toolCallId: toTakenId(part.toolCallId) };
}

function renameCalls(message: LanguageModelV4Message): LanguageModelV4Message {
  switch (message.role) {
    case "assistant":
      return { ...message, content: message.content.map(rename) };
    case "tool":
      return { ...message, content: message.content.map(rename) };
    case "system":
    case "user":
      return message;
  }
}

export function toAnthropicIds(call: ModelCall): ModelCall {
  return { ...call, prompt: call.prompt.map(renameCalls) };
}
