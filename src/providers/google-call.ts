/**
 * A neutral call as Google's wire can carry it, before the AI SDK puts it into the wire's words: pictures by address need a
 * type of their own, and the system speaks at the beginning only. Pure. Rule PR127.
 */
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultPart,
} from "@ai-sdk/provider";
import { fail, succeed, type Result } from "../base/result.ts";
import { tellLateSystem } from "./late-system.ts";
import type { ModelCall } from "./provider.ts";

const TYPE_OF_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["heic", "image/heic"],
  ["heif", "image/heif"],
]);
/** Where the address does not tell: what most pictures are. Decoders look for themselves. */
const COMMON_TYPE = "image/jpeg";

/** The error says in a few words what cannot be carried. */
export function toGoogleCall(call: ModelCall): Result<ModelCall, string> {
  if (call.prompt.some(hasResultByAddress)) return fail("a picture by its address in a tool's result");
  return succeed({ ...call, prompt: tellLateSystem(call.prompt).map(toMessage) });
}

function toMessage(message: LanguageModelV4Message): LanguageModelV4Message {
  if (message.role !== "user") return message;
  return { ...message, content: message.content.map((part) => (part.type === "file" ? toFile(part) : part)) };
}

function toFile(part: LanguageModelV4FilePart): LanguageModelV4FilePart {
  const { data, mediaType } = part;
  if (data.type !== "url" || !(mediaType === "image" || mediaType === "image/*")) return part;
  const extension = /\.(\w+)$/.exec(data.url.pathname)?.[1]?.toLowerCase() ?? "";
  return { ...part, mediaType: TYPE_OF_EXTENSION.get(extension) ?? COMMON_TYPE };
}

function hasResultByAddress({ role, content }: LanguageModelV4Message): boolean {
  return role === "tool" && content.some((part) => part.type === "tool-result" && isByAddress(part));
}

function isByAddress({ output }: LanguageModelV4ToolResultPart): boolean {
  return (
    output.type === "content" && output.value.some((part) => part.type === "file" && part.data.type === "url")
  );
}
