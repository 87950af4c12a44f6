/**
 * What a request asks of a model (pictures, tools, room for the chat and for the answer), and what of that a model
 * is known not to give. Pure. Rules RT62 to RT65.
 */
import type { LanguageModelV4Prompt, LanguageModelV4ToolResultPart } from "@ai-sdk/provider";
import type { MissingNeed, RequestNeeds } from "../../protocol/selection.ts";
import type { ModelCall } from "../../providers/provider.ts";
import { estimateTokens } from "../estimate-tokens.ts";

/** What a model can do; null where nobody knows, and what nobody knows leaves nobody out. */
export interface TargetAbilities {
  /** Prompt and answer together. */
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly vision: boolean | null;
  readonly tools: boolean | null;
  /** The wire on which its provider takes requests as they are; left out: none. */
  readonly wire?: string;
}

export const UNKNOWN_ABILITIES: TargetAbilities = {
  contextTokens: null,
  maxOutputTokens: null,
  vision: null,
  tools: null,
};

/** A picture of common size costs about so much at every provider; other files are taken for as much. */
const FILE_TOKENS = 1_000;
/** Role and separators around each message. */
const MESSAGE_TOKENS = 4;
/**
 * The estimate may be a third too high. A chat that does not fit costs one refused call and goes on elsewhere; one
 * that would have fitted and is left out costs the answer.
 */
const ESTIMATE_TOLERANCE = 0.75;

export function readNeeds(call: Omit<ModelCall, "modelId">): RequestNeeds {
  const tools = call.tools ?? [];
  const toolText = tools.length === 0 ? "" : JSON.stringify(tools);
  const files = listFileTypes(call.prompt);
  return {
    vision: files.some((mediaType) => mediaType.startsWith("image/")),
    tools: tools.length > 0,
    inputTokens: countPromptTokens(call.prompt) + files.length * FILE_TOKENS + estimateTokens(toolText),
    outputTokens: call.maxOutputTokens ?? null,
    ...(call.native === undefined || call.native.onlyHere.length === 0 ? {} : { wire: call.native.wire }),
  };
}

/** In a fixed order; empty when the model can take the request, as far as anybody knows. */
export function findMissingNeeds(needs: RequestNeeds, abilities: TargetAbilities): MissingNeed[] {
  const missing: MissingNeed[] = [];
  if (needs.vision && abilities.vision === false) missing.push("vision");
  if (needs.tools && abilities.tools === false) missing.push("tools");
  const least = Math.floor(needs.inputTokens * ESTIMATE_TOLERANCE) + (needs.outputTokens ?? 0);
  if (abilities.contextTokens !== null && least > abilities.contextTokens) missing.push("context");
  const { maxOutputTokens } = abilities;
  if (needs.outputTokens !== null && maxOutputTokens !== null && needs.outputTokens > maxOutputTokens) {
    missing.push("output");
  }
  if (needs.wire !== undefined && abilities.wire !== needs.wire) missing.push("wire");
  return missing;
}

function listFileTypes(prompt: LanguageModelV4Prompt): string[] {
  return prompt.flatMap((message) =>
    message.role === "system"
      ? []
      : message.content.flatMap((part) => {
          if (part.type === "tool-result") return listResultFileTypes(part);
          return part.type === "file" ? [part.mediaType] : [];
        }),
  );
}

function listResultFileTypes({ output }: LanguageModelV4ToolResultPart): string[] {
  if (output.type !== "content") return [];
  return output.value.flatMap((part) => (part.type === "file" ? [part.mediaType] : []));
}

/** What a tool's result says, without its files: their bytes are no words. */
function toResultText({ output }: LanguageModelV4ToolResultPart): string {
  if (output.type !== "content") return JSON.stringify(output);
  return output.value.map((part) => (part.type === "text" ? part.text : "")).join("\n");
}

function countPromptTokens(prompt: LanguageModelV4Prompt): number {
  let tokens = 0;
  for (const message of prompt) {
    tokens += MESSAGE_TOKENS;
    if (message.role === "system") {
      tokens += estimateTokens(message.content);
      continue;
    }
    for (const part of message.content) {
      if (part.type === "text" || part.type === "reasoning") tokens += estimateTokens(part.text);
      else if (part.type === "tool-call") tokens += estimateTokens(JSON.stringify(part.input ?? null));
      else if (part.type === "tool-result") tokens += estimateTokens(toResultText(part));
    }
  }
  return tokens;
}
