/** What an event of the OpenAI wire says, for the relay's client and for the chat by hand. */

/** The text of one event. By plain checks, as the product's own reader does it: every word comes through here. */
export function readContent(data: string): string {
  const chunk: unknown = JSON.parse(data);
  const choices = typeof chunk === "object" && chunk !== null && "choices" in chunk ? chunk.choices : null;
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  const delta = typeof choice === "object" && choice !== null && "delta" in choice ? choice.delta : null;
  const content = typeof delta === "object" && delta !== null && "content" in delta ? delta.content : null;
  return typeof content === "string" ? content : "";
}
