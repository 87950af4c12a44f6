/** What a model is told of an MCP server's result: its text, and that there was more than text. Pure. Rules TL25, TL27. */
import { fail, succeed, type Result } from "../base/result.ts";
import { limitText } from "./limit-text.ts";

export interface McpResultPart {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** A result as it comes off the wire: what is read of it. */
export interface McpResult {
  readonly content: readonly McpResultPart[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
}

/** `secrets` are taken out wherever they stand: a server that repeats its request's headers must not tell a model. */
export function toToolResult(result: McpResult, secrets: readonly string[]): Result<string, string> {
  const parts = result.content.map((part) => toText(part)).filter((text) => text !== "");
  const { structuredContent } = result;
  const text =
    parts.length > 0 || structuredContent === undefined
      ? parts.join("\n\n")
      : JSON.stringify(structuredContent);
  const clean = limitText(hideSecrets(text, secrets));
  if (result.isError === true) return fail(clean === "" ? "The tool failed and did not say why." : clean);
  return succeed(clean);
}

function toText(part: McpResultPart): string {
  const read = (name: string): string => readText(part, name);
  switch (part.type) {
    case "text":
      return read("text");
    case "image":
    case "audio":
      return `[${part.type === "image" ? "An image" : "A sound"} (${read("mimeType")}), which cannot be shown here.]`;
    case "resource_link":
      return `[A link to ${read("name")}: ${read("uri")}]`;
    case "resource": {
      const resource: unknown = part["resource"];
      if (typeof resource !== "object" || resource === null) return "";
      const text = readText(resource, "text");
      return text === "" ? `[A file ${readText(resource, "uri")}, which cannot be shown here.]` : text;
    }
    default:
      return `[Something of the kind ${part.type.slice(0, 50)}, which cannot be shown here.]`;
  }
}

function readText(from: object, name: string): string {
  const value: unknown = Object.entries(from).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? value : "";
}

/** The values of a server's headers, and of "Bearer abc" the key alone. */
export function toHeaderSecrets(headers: Readonly<Record<string, string>>): string[] {
  const words = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  // Short ones are words of the language ("Bearer", "true"), and taking them out would tear texts apart.
  return [...new Set(words)]
    .filter((word) => word.length >= 8)
    .toSorted((left, right) => right.length - left.length);
}

export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "[key]"), text);
}
