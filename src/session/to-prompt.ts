/** Turns a chat's messages into the neutral prompt that adapters translate. Pure. Rule SE6. */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { StoredMessage } from "../protocol/session-frame.ts";

/** The text of a message's text parts, one paragraph each. */
export function toMessageText(message: Pick<StoredMessage, "parts">): string {
  return message.parts
    .map((part) => (part.type === "text" && typeof part["text"] === "string" ? part["text"] : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

/**
 * Reasoning stays out (it belongs to the model that thought it), and so do answers without a word: providers
 * refuse an empty assistant message. Two user messages in a row, left by a failed answer, are sent as they are.
 */
export function toPrompt(messages: readonly StoredMessage[]): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  for (const message of messages) {
    const text = toMessageText(message);
    if (text === "") continue;
    prompt.push({ role: message.role, content: [{ type: "text", text }] });
  }
  return prompt;
}
