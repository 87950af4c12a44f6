/** What one client received of an answer against the message as it is stored. Rules SM30 to SM32. */
import { isDeepStrictEqual } from "node:util";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toPartsText, type AnswerStream } from "./answer-stream.ts";

const TERMINAL_OF: Readonly<Record<string, string>> = {
  complete: "finish",
  incomplete: "error",
  failed: "error",
  cancelled: "abort",
};

/** Whole when its end was told; otherwise `sure` chunks of it must be a beginning of what is stored. */
export function findStreamDifferences(
  stream: AnswerStream,
  message: StoredMessage | undefined,
  sure: number,
): string[] {
  const id = stream.messageId;
  if (id === null) return [];
  if (message === undefined) return [`[SM30] ${id} was seen and is not stored`];
  const text = toPartsText(message.parts);
  const seen = stream.toText(stream.hasEnded ? undefined : sure);
  if (!stream.hasEnded) {
    return text.startsWith(seen)
      ? []
      : [
          `[SM32] ${id}: "${seen.slice(-60)}" was shown, "${text.slice(0, seen.length).slice(-60)}" is stored`,
        ];
  }
  const differences: string[] = [];
  if (seen !== text)
    differences.push(`[SM31] ${id}: ${seen.length} characters were shown, ${text.length} are stored`);
  else if (!isDeepStrictEqual(stream.toParts(), message.parts))
    differences.push(`[SM31] ${id}: other parts were shown`);
  const last = stream.chunks.at(-1);
  const status = message.metadata?.status ?? "";
  if (last?.type !== TERMINAL_OF[status])
    differences.push(`[SM31] ${id}: ended by ${last?.type} and is ${status}`);
  const receipt = stream.chunks.findLast((chunk) => "messageMetadata" in chunk);
  if (
    receipt !== undefined &&
    "messageMetadata" in receipt &&
    !isDeepStrictEqual(receipt.messageMetadata, message.metadata)
  ) {
    differences.push(`[SM31] ${id}: another receipt was shown`);
  }
  return differences;
}
