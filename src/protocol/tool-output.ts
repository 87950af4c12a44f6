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

/** An answer that broke off, or was stopped, has calls without a result too: those are nobody's to make. */
export function leavesCalls({ metadata }: Partial<Pick<StoredMessage, "metadata">>): boolean {
  return metadata?.finishReason === "tool-calls";
}

/** The calls that an answer has ended with: its caller's to make. */
export function toLeftCalls(answer: Pick<StoredMessage, "parts" | "metadata">): ToolPart[] {
  if (!leavesCalls(answer)) return [];
  return toOpenCalls(readAnswerParts(answer)).filter(({ state }) => state === "input-available");
}
