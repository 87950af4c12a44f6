/** The request of OpenAI's Responses API as the neutral call. Pure. Rules HT100, HT102, HT197, HT323. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
} from "@ai-sdk/provider";
import { parseJson } from "../../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../../base/result.ts";
import type { ResponseInputItem, ResponseRequest } from "../../../protocol/openai-responses.ts";
import type { ModelCall } from "../../../providers/provider.ts";
import { toCallMistake } from "../../door/read-call-body.ts";
import type { CallMistake } from "../../door/wire-writer.ts";
import { IMAGE_COMPLAINT, toImagePart } from "../image-part.ts";
import { findChoiceComplaint } from "../tool-choice.ts";
import { NO_ITEMS, toUnknownItem, type NamedItems } from "./items/find-items.ts";
import { toCallSettings } from "./to-call-settings.ts";

type Item<Type extends ResponseInputItem["type"]> = Extract<ResponseInputItem, { type: Type }>;
type UserContent = Extract<Item<"message">, { role: "user" }>["content"];
type Text = string | readonly { readonly text: string }[];
type AssistantParts = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

const toText = (content: Text): string =>
  typeof content === "string" ? content : content.map((part) => part.text).join("");

/** The text that says what is wanted: the last user message. */
export function toResponseQuestion({ input }: ResponseRequest): string {
  if (typeof input === "string") return input;
  const last = input.findLast((item) => item.type === "message" && item.role === "user");
  if (last?.type !== "message" || last.role !== "user") return "";
  if (typeof last.content === "string") return last.content;
  return last.content.map((part) => (part.type === "input_text" ? part.text : "")).join("\n");
}

/** `named`: the items that the request refers to, as far as they are there. */
export function toResponseCall(
  request: ResponseRequest,
  named: NamedItems = NO_ITEMS,
): Result<Omit<ModelCall, "modelId">, CallMistake> {
  const prompt = toPrompt(request, named);
  if (!prompt.ok) return prompt;
  const offered = (request.tools ?? []).map(({ name }) => name);
  const choice = findChoiceComplaint(offered, request.tool_choice);
  if (choice !== null) return fail(toCallMistake("tool_choice", choice));
  const { instructions: _told, metadata: _kept, ...settings } = toCallSettings(request);
  return succeed({ prompt: prompt.value, ...settings });
}

function toPrompt(
  { input, instructions }: ResponseRequest,
  named: NamedItems,
): Result<LanguageModelV4Prompt, CallMistake> {
  const builder = new PromptBuilder();
  if (instructions != null && instructions !== "") builder.addSystem(instructions);
  if (typeof input === "string") {
    builder.prompt.push({ role: "user", content: [{ type: "text", text: input }] });
    return succeed(builder.prompt);
  }
  for (const [index, given] of input.entries()) {
    const complaint = addGiven(builder, given, named);
    if (complaint !== null) return refuseItem(`input.${index}`, complaint);
  }
  if (builder.prompt.every(({ role }) => role === "system")) {
    return refuseItem("input", "there is nothing to answer in it");
  }
  return succeed(builder.prompt);
}

/** An item that is named is taken as if it had been sent. */
function addGiven(
  builder: PromptBuilder,
  given: Exclude<ResponseRequest["input"], string>[number],
  named: NamedItems,
): string | null {
  if (given.type !== "item_reference") return builder.add(given);
  const item = named.get(given.id);
  return item === undefined ? toUnknownItem(given) : builder.add(item);
}

function refuseItem(param: string, complaint: string): Result<never, CallMistake> {
  return fail({ code: "invalid-request", param, message: `${param}: ${complaint}.` });
}

/**
 * Items become messages: what a model said and called in one turn is one message of it, and so are the results that it
 * gets back, as providers want them.
 */
class PromptBuilder {
  readonly prompt: LanguageModelV4Prompt = [];
  private readonly toolNames = new Map<string, string>();

  /** A complaint when the item cannot be one of this prompt. */
  add(item: ResponseInputItem): string | null {
    switch (item.type) {
      case "message":
        return this.addMessage(item);
      case "function_call":
        return this.addCall(item);
      case "function_call_output":
        return this.addResult(item);
      case "reasoning":
        return null;
    }
  }

  addSystem(text: string): void {
    this.prompt.push({ role: "system", content: text });
  }

  private addMessage(item: Item<"message">): string | null {
    switch (item.role) {
      case "system":
      case "developer":
        this.addSystem(toText(item.content));
        return null;
      case "user":
        return this.addUser(item.content);
      case "assistant": {
        const text =
          typeof item.content === "string"
            ? item.content
            : item.content.map((part) => (part.type === "refusal" ? part.refusal : part.text)).join("");
        if (text !== "") this.addSaid({ type: "text", text });
        return null;
      }
    }
  }

  private addUser(given: UserContent): string | null {
    const content: (LanguageModelV4TextPart | LanguageModelV4FilePart)[] = [];
    for (const part of typeof given === "string" ? [{ type: "input_text" as const, text: given }] : given) {
      if (part.type === "input_text") {
        content.push({ type: "text", text: part.text });
        continue;
      }
      const image = toImagePart(part.image_url, part.detail);
      if (image === null) return IMAGE_COMPLAINT;
      content.push(image);
    }
    this.prompt.push({ role: "user", content });
    return null;
  }

  private addCall({ call_id: toolCallId, name, arguments: text }: Item<"function_call">): string | null {
    const input = parseJson(text === "" ? "{}" : text);
    if (!input.ok) return `the arguments of function call ${toolCallId} are not JSON`;
    this.toolNames.set(toolCallId, name);
    this.addSaid({ type: "tool-call", toolCallId, toolName: name, input: input.value });
    return null;
  }

  private addResult({ call_id: toolCallId, output }: Item<"function_call_output">): string | null {
    const toolName = this.toolNames.get(toolCallId);
    if (toolName === undefined) return `there is no function call ${toolCallId} before this output`;
    const part = {
      type: "tool-result" as const,
      toolCallId,
      toolName,
      output: { type: "text" as const, value: toText(output) },
    };
    const last = this.prompt.at(-1);
    if (last?.role === "tool") last.content.push(part);
    else this.prompt.push({ role: "tool", content: [part] });
    return null;
  }

  private addSaid(part: AssistantParts[number]): void {
    const last = this.prompt.at(-1);
    if (last?.role === "assistant") last.content.push(part);
    else this.prompt.push({ role: "assistant", content: [part] });
  }
}
