/**
 * The steps of an answer as the messages of a prompt: what was said and called, then what the calls gave. For the steps
 * of a running turn and for stored answers. Pure. Rules TL30 to TL33.
 */
import type {
  JSONValue,
  LanguageModelV4Message,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { z } from "zod";
import type { AnswerPart, ToolPart } from "../protocol/answer-parts.ts";

const Json: z.ZodType<JSONValue> = z.json();

/** What calls gave that were left to whoever asked, by call. */
type Outputs = ReadonlyMap<string, string>;

export function toToolMessages(
  parts: readonly AnswerPart[],
  outputs: Outputs = new Map(),
): LanguageModelV4Message[] {
  return toSteps(parts).flatMap((step) => toStepMessages(step, outputs));
}

function toSteps(parts: readonly AnswerPart[]): AnswerPart[][] {
  const steps: AnswerPart[][] = [[]];
  for (const part of parts) {
    if (part.type === "step-start") steps.push([]);
    else steps.at(-1)?.push(part);
  }
  return steps;
}

/** Reasoning stays out: it belongs to the model that thought it. */
function toStepMessages(step: readonly AnswerPart[], outputs: Outputs): LanguageModelV4Message[] {
  const content: (LanguageModelV4TextPart | LanguageModelV4ToolCallPart)[] = [];
  const results: LanguageModelV4ToolResultPart[] = [];
  for (const part of step) {
    if (part.type === "text" && part.text !== "") content.push({ type: "text", text: part.text });
    // Half of the arguments is no call.
    if (part.type !== "dynamic-tool" || part.state === "input-streaming") continue;
    const call = { toolCallId: toCallId(part.toolCallId), toolName: part.toolName };
    content.push({ type: "tool-call", ...call, input: toInput(part.input) });
    results.push({ type: "tool-result", ...call, output: toOutput(part, outputs.get(part.toolCallId)) });
  }
  // Providers refuse an empty assistant message.
  if (content.length === 0) return [];
  if (results.length === 0) return [{ role: "assistant", content }];
  return [
    { role: "assistant", content },
    { role: "tool", content: results },
  ];
}

/** Ids are one provider's, prompts go to any: Anthropic takes these characters only. */
function toCallId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, "_");
}

/** Providers take nothing but an object, and a model may have sent anything. */
function toInput(input: unknown): unknown {
  return typeof input === "object" && input !== null && !Array.isArray(input)
    ? input
    : { input: input ?? null };
}

/** Every call gets a result: a prompt with a call that has none is refused. */
function toOutput(part: ToolPart, given: string | undefined): LanguageModelV4ToolResultOutput {
  if (given !== undefined) return { type: "text", value: given };
  switch (part.state) {
    case "output-available":
      return typeof part.output === "string"
        ? { type: "text", value: part.output }
        : { type: "json", value: Json.catch(null).parse(part.output) };
    case "output-error":
      return { type: "error-text", value: part.errorText ?? "The tool failed." };
    case "output-denied":
      return { type: "execution-denied", reason: "The user did not allow this call." };
    case "input-streaming":
    case "input-available":
    case "approval-requested":
    case "approval-responded":
      return { type: "error-text", value: "The answer ended before this call had a result." };
  }
}
