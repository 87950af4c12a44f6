/** Puts one message behind a prompt. Pure. Rules HT40, HT80. */
import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";

/**
 * Results of calls that were made together stand together, however many messages their caller wrote: Google wants as many in
 * one turn as there were calls, Anthropic all of them in one message.
 */
export function appendMessage(prompt: LanguageModelV4Prompt, message: LanguageModelV4Message): void {
  const last = prompt.at(-1);
  if (message.role === "tool" && last?.role === "tool") last.content.push(...message.content);
  else prompt.push(message);
}
