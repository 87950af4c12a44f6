/**
 * What a call gave that an answer left to its caller: a part of the next question, in AI SDK's shape for parts of an
 * application's own. Pure. Rule SE92.
 */
import { z } from "zod";
import { toOpenCalls, readAnswerParts, type ToolPart } from "./answer-parts.ts";
import type { StoredMessage } from "./session-frame.ts";

const TYPE = "data-tool-output";

/** WIRE, PERSISTED: a part of a user's message. */
export const ToolOutputPart = z.object({
  type: z.literal(TYPE),
  data: z.object({ toolCallId: z.string(), toolName: z.string(), output: z.string() }),
});
export type ToolOutputPart = z.infer<typeof ToolOutputPart>;
export type ToolOutput = ToolOutputPart["data"];

export function toToolOutputPart(data: ToolOutput): ToolOutputPart {
  return { type: TYPE, data };
}

export function isToolOutput(part: StoredMessage["parts"][number]): boolean {
  return part.type === TYPE;
}

/** The outputs in a stored question. */
export function readToolOutputs({ parts }: Pick<StoredMessage, "parts">): ToolOutput[] {
  return parts.filter(isToolOutput).map((part) => ToolOutputPart.parse(part).data);
}

/** The calls that an answer has ended with: its caller's to make. One that broke off, or was stopped, left none. */
export function toLeftCalls({ parts, metadata }: Pick<StoredMessage, "parts" | "metadata">): ToolPart[] {
  if (metadata?.finishReason !== "tool-calls") return [];
  return toOpenCalls(readAnswerParts({ parts })).filter(({ state }) => state === "input-available");
}
