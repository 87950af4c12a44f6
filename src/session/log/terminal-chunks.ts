/** What ends the stream of an answer: exactly one terminal chunk, and the receipt before or in it. Pure. Rules SE1, SE3. */
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { Receipt } from "../../protocol/answer.ts";

export function toTerminalChunks(receipt: Receipt): AnswerChunk[] {
  switch (receipt.status) {
    case "complete":
      return [{ type: "finish", finishReason: receipt.finishReason ?? "other", messageMetadata: receipt }];
    case "cancelled":
      return [{ type: "message-metadata", messageMetadata: receipt }, { type: "abort" }];
    default:
      return [
        { type: "message-metadata", messageMetadata: receipt },
        { type: "error", errorText: receipt.notice ?? "The answer did not come to its end." },
      ];
  }
}
