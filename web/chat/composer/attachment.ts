/**
 * What may be attached to a question, told before anything is sent: pictures that models can see, and texts. Pure;
 * reading a file's bytes and sending them is the browser's business (use-attachments.ts).
 */
import {
  IMAGE_TYPES,
  MAX_ATTACHMENT_BYTES,
  MAX_ATTACHMENTS_PER_MESSAGE,
} from "../../../src/protocol/session-api.ts";
import { formatBytes } from "../../ui/format.ts";

/** For the browser's dialog; what it lets through is looked at all the same. */
export const ACCEPTED = [
  ...IMAGE_TYPES,
  "text/*",
  ".md,.json,.yaml,.yml,.toml,.csv,.sql,.ts,.tsx,.rs,.go",
].join(",");

/** Types that are text by another name. */
const TEXT_TYPES = /^(?:text\/.+|application\/(?:json|xml|yaml|toml|javascript|sql))$/;
/** Browsers know no type for most of these, or a wrong one: a `.ts` file would be a film. */
const TEXT_NAME =
  /\.(?:txt|md|markdown|csv|tsv|log|json|jsonl|ya?ml|toml|ini|env|conf|xml|html?|css|scss|svg|sql|sh|bash|zsh|ps1|bat|py|rb|php|pl|lua|r|jl|js|mjs|cjs|jsx|ts|mts|cts|tsx|vue|svelte|java|kt|kts|swift|c|h|cc|cpp|hpp|cs|go|rs|zig|scala|clj|ex|exs|erl|hs|ml|dart|tex|diff|patch|proto|graphql|tf)$/i;

export function isPicture(mediaType: string): boolean {
  return IMAGE_TYPES.some((type) => type === mediaType);
}

/** The type to send it under; null when only its bytes can tell whether it is a text. */
export function toMediaType(name: string, type: string): string | null {
  const known = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (isPicture(known) || TEXT_TYPES.test(known)) return known;
  return TEXT_NAME.test(name) ? "text/plain" : null;
}

/** Whether so many bytes from a file's beginning look like text. */
export function looksLikeText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    // A sign may be cut in half at the end: `stream` waits for the rest of it.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Why a file cannot be attached, in words; null when it can. `mediaType` is null when it is no text either. */
export function toFileProblem(file: {
  readonly name: string;
  readonly bytes: number;
  readonly mediaType: string | null;
}): string | null {
  const { name, bytes, mediaType } = file;
  if (bytes === 0) return `${name} is empty.`;
  if (mediaType === null) {
    return `${name} cannot be attached. Pictures (PNG, JPEG, WebP, GIF) and text files can.`;
  }
  if (bytes > MAX_ATTACHMENT_BYTES) {
    return `${name} is too large: ${formatBytes(bytes)}. A file may have ${formatBytes(MAX_ATTACHMENT_BYTES)}.`;
  }
  return null;
}

/** How many of these still fit to one question, and what to say about the rest; empty when all do. */
export function fitFiles(
  attached: number,
  added: number,
): { readonly taken: number; readonly problem: string } {
  const taken = Math.max(0, Math.min(added, MAX_ATTACHMENTS_PER_MESSAGE - attached));
  return {
    taken,
    problem: taken === added ? "" : `A question can have ${MAX_ATTACHMENTS_PER_MESSAGE} files at most.`,
  };
}
