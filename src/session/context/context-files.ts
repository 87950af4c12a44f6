/** Which of the files of a chat a model is told, and how much of each. Pure. Rules SE130, SE131, SE132, SE244. */
import { estimateTokensOfLength } from "../../routing/estimate-tokens.ts";
import { MAX_ATTACHMENT_BYTES } from "../../protocol/session-api.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { isImageType, type FilePart } from "../files/accept-files.ts";
import { readFileParts, toFilePlace, type FileLimits } from "./to-prompt.ts";

/** A picture of common size costs about so much at every provider. */
export const PICTURE_TOKENS = 1_000;
/** One prompt's files: they are in memory three times over as they are sent, and an object has 128 MB. */
export const MAX_READ_BYTES = 20 * 1_048_576;
/**
 * Anthropic takes no picture of more than 2,000 pixels on a side where there are more than these:
 * https://platform.claude.com/docs/en/build-with-claude/vision
 */
export const MAX_TOLD_PICTURES = 20;
/** Less of a text than this says nothing of the rest. */
const LEAST_CUT_TOKENS = 250;
/** The other way round than tokens are estimated of a length. */
const BYTES_PER_TOKEN = 4;

/** How many bytes the file with that address has; null when nobody knows. */
export type CountBytes = (url: string) => number | null;

/** What is read for a prompt: so much from the beginning of each file, null for the whole of it. */
export interface FileRead {
  readonly url: string;
  readonly maxBytes: number | null;
}

export interface FileChoiceFacts {
  /** The messages that are told, oldest first. */
  readonly messages: readonly StoredMessage[];
  readonly questionId: string | null;
  /** For the files of the question, and for those of the question and of all messages before it together. */
  readonly ownTokens: number;
  readonly allTokens: number;
  readonly countBytes: CountBytes;
}

interface FileAt {
  readonly place: string;
  readonly file: FilePart;
  readonly isOwn: boolean;
}

/** The question's own files first, then those of the newest messages, each as far as there is room for it. */
export function chooseFiles(facts: FileChoiceFacts): {
  readonly limits: FileLimits;
  readonly tokens: number;
} {
  const files = listFiles(facts.messages, facts.questionId);
  const limits = new Map<string, number | null>();
  let [tokens, leftBytes, leftPictures] = [0, MAX_READ_BYTES, MAX_TOLD_PICTURES];
  for (const { place, file, isOwn } of files.toSorted(
    (one, other) => Number(other.isOwn) - Number(one.isOwn),
  )) {
    const isPicture = isImageType(file.mediaType);
    if (isPicture && leftPictures === 0) continue;
    const bytes = countFileBytes(file, facts.countBytes);
    const cost = toFileTokens(file, bytes);
    const leftTokens = (isOwn ? facts.ownTokens : facts.allTokens) - tokens;
    if (cost <= leftTokens && bytes <= leftBytes) {
      limits.set(place, null);
      tokens += cost;
      leftBytes -= bytes;
      if (isPicture) leftPictures -= 1;
      continue;
    }
    // Of a picture there is no first part.
    const cutTokens = Math.floor(Math.min(leftTokens, leftBytes / BYTES_PER_TOKEN));
    if (isPicture || cutTokens < LEAST_CUT_TOKENS) continue;
    limits.set(place, cutTokens * BYTES_PER_TOKEN);
    tokens += cutTokens;
    leftBytes -= cutTokens * BYTES_PER_TOKEN;
  }
  return { limits, tokens };
}

/** What all the files of these messages would cost. */
export function countAllFiles(messages: readonly StoredMessage[], countBytes: CountBytes): number {
  return messages
    .flatMap(readFileParts)
    .reduce((sum, file) => sum + toFileTokens(file, countFileBytes(file, countBytes)), 0);
}

/** Newest message first; the files of one message in their order. */
function listFiles(messages: readonly StoredMessage[], questionId: string | null): FileAt[] {
  return messages.toReversed().flatMap((message) =>
    readFileParts(message).map((file, index) => ({
      place: toFilePlace(message.id, index),
      file,
      isOwn: message.id === questionId,
    })),
  );
}

/** The addresses that have to be read, each once. */
export function listFileReads(messages: readonly StoredMessage[], limits: FileLimits): FileRead[] {
  const reads = new Map<string, number | null>();
  for (const { place, file } of listFiles(messages, null)) {
    const limit = limits.get(place);
    if (limit === undefined || file.url.startsWith("data:")) continue;
    const known = reads.get(file.url);
    // One byte more tells whether there is a rest.
    const bytes = limit === null || known === null ? null : Math.max(limit + 1, known ?? 0);
    reads.set(file.url, bytes);
  }
  return [...reads].map(([url, maxBytes]) => ({ url, maxBytes }));
}

/** Of an address that is unknown here the most that a file can have. */
function countFileBytes({ url }: FilePart, countBytes: CountBytes): number {
  return url.startsWith("data:") ? url.length : (countBytes(url) ?? MAX_ATTACHMENT_BYTES);
}

function toFileTokens({ mediaType }: FilePart, bytes: number): number {
  return isImageType(mediaType) ? PICTURE_TOKENS : estimateTokensOfLength(bytes);
}
