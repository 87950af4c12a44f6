/**
 * Gives each call of a prompt an id of its own. Some models count from zero in every answer, and Anthropic refuses a
 * prompt in which an id comes twice, however far apart. Pure. Rule TL45.
 */
import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";

/** The most that a provider takes is 64; a suffix has to fit behind it. */
const MAX_STEM_CHARACTERS = 56;

export function toUniqueCallIds(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt {
  const used = new Set<string>();
  /** Of the step that was told last: the ids that its calls have now, in their order, by those that they had. */
  let given = new Map<string, string[]>();
  return prompt.map((message): LanguageModelV4Message => {
    if (message.role === "assistant") {
      given = new Map();
      const content = message.content.map((part) => {
        if (part.type !== "tool-call") return part;
        const toolCallId = toUnused(part.toolCallId, used);
        used.add(toolCallId);
        given.set(part.toolCallId, [...(given.get(part.toolCallId) ?? []), toolCallId]);
        return { ...part, toolCallId };
      });
      return { ...message, content };
    }
    if (message.role !== "tool") return message;
    const content = message.content.map((part) =>
      part.type === "tool-result"
        ? { ...part, toolCallId: given.get(part.toolCallId)?.shift() ?? part.toolCallId }
        : part,
    );
    return { ...message, content };
  });
}

function toUnused(id: string, used: ReadonlySet<string>): string {
  let unused = id;
  for (let count = 2; used.has(unused); count += 1) unused = `${id.slice(0, MAX_STEM_CHARACTERS)}_${count}`;
  return unused;
}
