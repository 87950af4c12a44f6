/** Anthropic's system and messages as the neutral prompt. Pure. Rules HT80, HT82 to HT84, HT355. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { fail, succeed, type Result } from "../../base/result.ts";
import type {
  AssistantBlock,
  ImageBlock,
  Message,
  MessagesRequest,
  TextBlock,
  ToolResultBlock,
  UserBlock,
} from "../../protocol/anthropic.ts";
import { appendMessage } from "../door/append-message.ts";
import { toCallMistake } from "../door/read-call-body.ts";
import type { CallMistake } from "../door/wire-writer.ts";
import { toCacheOptions } from "./cache-control.ts";

type UserPart = LanguageModelV4TextPart | LanguageModelV4FilePart;
type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];
type ToolOutput = LanguageModelV4ToolResultPart["output"];

export function toPrompt({
  system,
  messages,
}: Pick<MessagesRequest, "system" | "messages">): Result<LanguageModelV4Prompt, CallMistake> {
  const prompt = toSystemMessages(system);
  const toolNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const place = `messages.${index}`;
    if (index === 0 && message.role === "system") {
      return fail(toCallMistake(`${place}.role`, "instructions at the beginning go into system"));
    }
    const turned = toMessages(message, place, toolNames);
    if (!turned.ok) return turned;
    for (const each of turned.value) appendMessage(prompt, each);
  }
  return succeed(prompt);
}

/** One for each block: each may carry a mark of its own. */
function toSystemMessages(system: MessagesRequest["system"]): LanguageModelV4Prompt {
  if (system === undefined || system === "") return [];
  if (typeof system === "string") return [{ role: "system", content: system }];
  return system.map((block) => ({
    role: "system",
    content: block.text,
    ...toCacheOptions(block.cache_control),
  }));
}

function toMessages(
  message: Message,
  place: string,
  toolNames: Map<string, string>,
): Result<LanguageModelV4Prompt, CallMistake> {
  if (message.role === "system") return succeed(toSystemMessages(message.content));
  if (typeof message.content === "string") {
    return succeed([{ role: message.role, content: [{ type: "text", text: message.content }] }]);
  }
  return message.role === "user"
    ? toUserMessages(message.content, place, toolNames)
    : toAssistantMessages(message.content, place, toolNames);
}

/** Results come before everything else that the user says, as every provider wants them. */
function toUserMessages(
  blocks: readonly UserBlock[],
  place: string,
  toolNames: ReadonlyMap<string, string>,
): Result<LanguageModelV4Prompt, CallMistake> {
  const results: LanguageModelV4ToolResultPart[] = [];
  const said: UserPart[] = [];
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "tool_result") {
      said.push(toUserPart(block));
      continue;
    }
    const result = toToolResult(block, `${place}.content.${index}`, toolNames);
    if (!result.ok) return result;
    results.push(result.value);
  }
  const prompt: LanguageModelV4Prompt = [];
  if (results.length > 0) prompt.push({ role: "tool", content: results });
  if (said.length > 0) prompt.push({ role: "user", content: said });
  return succeed(prompt);
}

function toUserPart(block: TextBlock | ImageBlock): UserPart {
  const options = toCacheOptions(block.cache_control);
  return block.type === "text"
    ? { type: "text", text: block.text, ...options }
    : { ...toFilePart(block), ...options };
}

function toFilePart({ source }: ImageBlock): Pick<LanguageModelV4FilePart, "type" | "mediaType" | "data"> {
  return source.type === "url"
    ? { type: "file", mediaType: "image/*", data: { type: "url", url: new URL(source.url) } }
    : { type: "file", mediaType: source.media_type, data: { type: "data", data: source.data } };
}

function toToolResult(
  block: ToolResultBlock,
  place: string,
  toolNames: ReadonlyMap<string, string>,
): Result<LanguageModelV4ToolResultPart, CallMistake> {
  const toolCallId = block.tool_use_id;
  const toolName = toolNames.get(toolCallId);
  if (toolName === undefined) {
    return fail(
      toCallMistake(`${place}.tool_use_id`, `there is no tool_use ${toolCallId} before this result`),
    );
  }
  const output = toToolOutput(block);
  if (output === null) {
    return fail(toCallMistake(`${place}.is_error`, "an error with images cannot be carried; send text only"));
  }
  const inner = Array.isArray(block.content) ? block.content : [];
  const mark = block.cache_control ?? inner.findLast((part) => part.cache_control != null)?.cache_control;
  return succeed({ type: "tool-result", toolCallId, toolName, output, ...toCacheOptions(mark) });
}

/** Null for an error with images, which the neutral prompt has no form for. */
function toToolOutput({ content = "", is_error: isError }: ToolResultBlock): ToolOutput | null {
  const type = isError === true ? ("error-text" as const) : ("text" as const);
  if (typeof content === "string") return { type, value: content };
  const texts = content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  if (texts.length === content.length) return { type, value: texts.join("\n") };
  if (isError === true) return null;
  const value = content.map((block) =>
    block.type === "text" ? { type: "text" as const, text: block.text } : toFilePart(block),
  );
  return { type: "content", value };
}

function toAssistantMessages(
  blocks: readonly AssistantBlock[],
  place: string,
  toolNames: Map<string, string>,
): Result<LanguageModelV4Prompt, CallMistake> {
  if (!blocks.some((block) => block.type === "text" || block.type === "tool_use")) {
    return fail(toCallMistake(`${place}.content`, "an assistant's message needs text or a tool_use"));
  }
  for (const block of blocks) if (block.type === "tool_use") toolNames.set(block.id, block.name);
  return succeed([{ role: "assistant", content: blocks.map(toAssistantPart) }]);
}

function toAssistantPart(block: AssistantBlock): AssistantContent[number] {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text, ...toCacheOptions(block.cache_control) };
    case "tool_use": {
      const { id: toolCallId, name: toolName, input } = block;
      return { type: "tool-call", toolCallId, toolName, input, ...toCacheOptions(block.cache_control) };
    }
    case "thinking": {
      // Anthropic refuses thoughts of others, which have no signature: its adapter leaves those without options out.
      const { thinking: text, signature } = block;
      const options = signature === "" ? {} : { providerOptions: { anthropic: { signature } } };
      return { type: "reasoning", text, ...options };
    }
    case "redacted_thinking":
      return {
        type: "reasoning",
        text: "",
        providerOptions: { anthropic: { redactedData: block.data } },
      };
  }
}
