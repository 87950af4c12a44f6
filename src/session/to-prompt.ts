/** Turns a chat's messages into the neutral prompt that adapters translate. Pure. Rules SE6, SE80, SE84, SE92. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from "@ai-sdk/provider";
import { readAnswerParts, type AnswerPart } from "../protocol/answer-parts.ts";
import type { StoredMessage } from "../protocol/session-frame.ts";
import { readToolOutputs, type ToolOutput } from "../protocol/tool-output.ts";
import { toToolMessages } from "../tools/to-tool-messages.ts";
import { FilePart, isImageType } from "./accept-files.ts";
import { readDataUrl } from "./data-url.ts";

/** The text of a message's text parts, one paragraph each. */
export function toMessageText(message: Pick<StoredMessage, "parts">): string {
  return message.parts
    .map((part) => (part.type === "text" && typeof part["text"] === "string" ? part["text"] : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

/** The bytes of an attached file by its address; null when it is gone. */
export type ReadFile = (url: string) => Uint8Array | null;

/**
 * Reasoning stays out (it belongs to the model that thought it), and so do answers without a word: providers
 * refuse an empty assistant message. Two user messages in a row, left by a failed answer, are sent as they are.
 */
export function toPrompt(
  messages: readonly StoredMessage[],
  readFile: ReadFile = () => null,
): LanguageModelV4Prompt {
  return messages.flatMap((message, index) =>
    message.role === "user"
      ? toQuestion(message, messages[index - 1], readFile)
      : toAnswer(message, messages[index + 1]),
  );
}

/** What its caller's tools gave is told with the calls, in the answer before; where that is left out, as words. */
function toQuestion(
  message: StoredMessage,
  before: StoredMessage | undefined,
  readFile: ReadFile,
): LanguageModelV4Message[] {
  const files = readFileParts(message).map((file) => toFile(file, readFile));
  const texts = [
    ...(before === undefined ? readToolOutputs(message).map(toOutputText) : []),
    toMessageText(message),
  ];
  const told = texts.filter((text) => text !== "").map((text) => ({ type: "text" as const, text }));
  if (told.length === 0 && files.length === 0) return [];
  return [{ role: "user", content: [...files, ...told] }];
}

function toOutputText({ toolName, output }: ToolOutput): string {
  return `<output of=${JSON.stringify(toolName)}>\n${output}\n</output>`;
}

function toAnswer(message: StoredMessage, next: StoredMessage | undefined): LanguageModelV4Message[] {
  if (message.parts.some((part) => part.type === "dynamic-tool"))
    return toToolMessages(readAnswerParts(message), toOutputs(next));
  const text = toMessageText(message);
  return text === "" ? [] : [{ role: "assistant", content: [{ type: "text", text }] }];
}

/** What the calls of an answer gave, by call, where the question behind it says so. */
function toOutputs(next: StoredMessage | undefined): ReadonlyMap<string, string> {
  const outputs = next?.role === "user" ? readToolOutputs(next) : [];
  return new Map(outputs.map(({ toolCallId, output }) => [toolCallId, output]));
}

function toFile(
  file: FilePart,
  readFile: ReadFile,
): LanguageModelV4FilePart | { type: "text"; text: string } {
  const { mediaType, filename, url } = file;
  const name = filename ?? "file";
  const bytes = url.startsWith("data:") ? (readDataUrl(url)?.bytes ?? null) : readFile(url);
  if (bytes === null) return { type: "text", text: `[The file ${name} is not there any more.]` };
  if (isImageType(mediaType))
    return { type: "file", mediaType, filename: name, data: { type: "data", data: bytes } };
  return {
    type: "text",
    text: `<file name=${JSON.stringify(name)}>\n${new TextDecoder().decode(bytes)}\n</file>`,
  };
}

/** The addresses of attached files that a prompt of these messages needs. */
export function listFileUrls(messages: readonly StoredMessage[]): string[] {
  return messages.flatMap(readFileParts).flatMap(({ url }) => (url.startsWith("data:") ? [] : [url]));
}

function readFileParts({ parts }: StoredMessage): FilePart[] {
  return parts.flatMap((part) => (part.type === "file" ? [FilePart.parse(part)] : []));
}

/** The steps of the running answer, as the next step is told of them. */
export function toStepMessages(parts: readonly AnswerPart[]): LanguageModelV4Message[] {
  return parts.length === 0 ? [] : toToolMessages(parts);
}
