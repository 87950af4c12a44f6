/**
 * The system's words behind the first of anybody else's, as the user's: for wires, and models, that know a system at the
 * beginning only. Pure. Rules PR127, PR148.
 */
import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";

export function tellLateSystem(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  const spoken = prompt.findIndex(({ role }) => role !== "system");
  return prompt.map((message, index) =>
    message.role === "system" && spoken !== -1 && index > spoken ? toUsers(message) : message,
  );
}

function toUsers({
  content: text,
  providerOptions,
}: Extract<LanguageModelV4Message, { role: "system" }>): LanguageModelV4Message {
  const options = providerOptions === undefined ? {} : { providerOptions };
  return { role: "user", content: [{ type: "text", text, ...options }] };
}
