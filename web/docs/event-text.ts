/** The words in an event stream, whichever of the API's wires it is on. Pure. Rule WB78. */
import { z } from "zod";

/** OpenAI's chunks. */
const Chunk = z.object({ choices: z.array(z.object({ delta: z.object({ content: z.string() }) })).min(1) });
/** Anthropic's events. */
const BlockDelta = z.object({
  type: z.literal("content_block_delta"),
  delta: z.object({ type: z.literal("text_delta"), text: z.string() }),
});
/** The events of OpenAI's Responses, and of AI SDK. */
const TextDelta = z.object({
  type: z.enum(["response.output_text.delta", "text-delta"]),
  delta: z.string(),
});

function toWords(data: string): string {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    // The mark at the end, or an event that has not wholly arrived.
    return "";
  }
  const chunk = Chunk.safeParse(json).data;
  if (chunk !== undefined) return chunk.choices.map(({ delta }) => delta.content).join("");
  return TextDelta.safeParse(json).data?.delta ?? BlockDelta.safeParse(json).data?.delta.text ?? "";
}

/** The words of every whole event in `text`. */
export function readEventText(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => toWords(line.slice("data:".length).trim()))
    .join("");
}
