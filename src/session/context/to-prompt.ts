/** Turns a chat's messages into the neutral prompt that adapters translate. Pure. Rules SE6, SE80, SE84, SE92, SE131, SE243. */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
} from "@ai-sdk/provider";
import { readAnswerParts, type AnswerPart } from "../../protocol/answer-parts.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { readToolOutputs, type ToolOutput } from "../../protocol/tool-output.ts";
import { toToolMessages } from "../../tools/to-tool-messages.ts";
import { FilePart, isImageType } from "../files/accept-files.ts";
import { explainBadPicture } from "../files/check-picture.ts";
import { readDataUrl } from "../files/data-url.ts";
import { hasTypeOf } from "../files/file-signature.ts";

/** The text of a message's text parts, one paragraph each. */
export function toMessageText(message: Pick<StoredMessage, "parts">): string {
  return message.parts
    .map((part) => (part.type === "text" && typeof part["text"] === "string" ? part["text"] : ""))
    .filter((text) => text !== "")
    .join("\n\n");
}

/** The bytes of an attached file by its address; null when it is gone. */
export type ReadFile = (url: string) => Uint8Array | null;

/** How many bytes are told of each file, null for all of them, by its place; what is not in it is left out. */
export type FileLimits = ReadonlyMap<string, number | null>;

/** Where a file stands in a chat: one address may stand in more than one place. */
export function toFilePlace(messageId: string, index: number): string {
  return `${index} ${messageId}`;
}

/**
 * Reasoning stays out (it belongs to the model that thought it), and so do answers without a word: providers
 * refuse an empty assistant message. Two user messages in a row, left by a failed answer, are sent as they are.
 */
export function toPrompt(
  messages: readonly StoredMessage[],
  readFile: ReadFile = () => null,
  limits: FileLimits | null = null,
): LanguageModelV4Prompt {
  return messages.flatMap((message, index) =>
    message.role === "user"
      ? toQuestion(message, messages[index - 1], readFile, limits)
      : toAnswer(message, messages[index + 1]),
  );
}

/** What its caller's tools gave is told with the calls, in the answer before; where that is left out, as words. */
function toQuestion(
  message: StoredMessage,
  before: StoredMessage | undefined,
  readFile: ReadFile,
  limits: FileLimits | null,
): LanguageModelV4Message[] {
  const files = readFileParts(message).map((file, index) => {
    const limit = limits === null ? null : limits.get(toFilePlace(message.id, index));
    return limit === undefined ? toLeftOut(file) : toFile(file, readFile, limit);
  });
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
  limit: number | null,
): LanguageModelV4FilePart | LanguageModelV4TextPart {
  const { mediaType, url } = file;
  const name = toFileName(file);
  const bytes = url.startsWith("data:") ? (readDataUrl(url)?.bytes ?? null) : readFile(url);
  if (bytes === null) return { type: "text", text: `[The file ${name} is not there any more.]` };
  if (isImageType(mediaType)) {
    // One that was attached before pictures were looked at would be refused with every further question of its chat.
    const problem = hasTypeOf(bytes, mediaType) ? explainBadPicture(bytes, mediaType) : "It is no picture.";
    return problem === null
      ? { type: "file", mediaType, filename: name, data: { type: "data", data: bytes } }
      : { type: "text", text: `[The file ${name} is not shown here. ${problem}]` };
  }
  const isCut = limit !== null && bytes.length > limit;
  const told = isCut ? bytes.subarray(0, limit) : bytes;
  // A sign that the cut goes through is left out with the rest.
  const text = new TextDecoder().decode(told, { stream: isCut });
  const rest = isCut ? `\n[The rest of the file ${name} is left out: it is too long.]` : "";
  return { type: "text", text: `<file name=${JSON.stringify(name)}>\n${text}\n</file>${rest}` };
}

/** Said, so that a model does not take it for a file that never was. */
function toLeftOut(file: FilePart): LanguageModelV4TextPart {
  return { type: "text", text: `[The file ${toFileName(file)} is not shown here: there is no room for it.]` };
}

function toFileName({ filename }: FilePart): string {
  return filename ?? "file";
}

export function readFileParts({ parts }: StoredMessage): FilePart[] {
  return parts.flatMap((part) => (part.type === "file" ? [FilePart.parse(part)] : []));
}

/** The steps of the running answer, as the next step is told of them. */
export function toStepMessages(parts: readonly AnswerPart[]): LanguageModelV4Message[] {
  return parts.length === 0 ? [] : toToolMessages(parts);
}
