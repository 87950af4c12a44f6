/** AI SDK's copy of an answer with a person's words on its calls, as its client sends it back. */
import type { AnswerPart } from "../../src/protocol/answer-parts.ts";

export function toCopyWithWords(
  id: string,
  parts: readonly AnswerPart[],
  words: ReadonlyMap<string, boolean>,
) {
  return {
    id,
    role: "assistant" as const,
    parts: parts.map((part) => {
      const word =
        part.type === "dynamic-tool" && part.state === "approval-requested"
          ? words.get(part.approval?.id ?? "")
          : undefined;
      if (part.type !== "dynamic-tool" || word === undefined) return { ...part };
      return {
        ...part,
        state: "approval-responded" as const,
        approval: { ...part.approval, approved: word },
      };
    }),
  };
}
