/**
 * A stored answer as the stream that it once came as: for whoever asks its question again when the log is gone. Put
 * together again it gives the same message. Pure. Rules SE3, SE21, SE269.
 */
import { z } from "zod";
import { readAnswerParts, type ToolPart } from "../../protocol/answer-parts.ts";
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import type { Receipt } from "../../protocol/answer.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { toTerminalChunks } from "./terminal-chunks.ts";

export function toAnswerChunks(message: StoredMessage, receipt: Receipt): AnswerChunk[] {
  const chunks: AnswerChunk[] = [{ type: "start", messageId: message.id, messageMetadata: receipt }];
  let isStepOpen = false;
  for (const [index, stored] of message.parts.entries()) {
    const [part] = readAnswerParts({ parts: [stored] });
    if (part === undefined) continue;
    switch (part.type) {
      case "step-start":
        if (isStepOpen) chunks.push({ type: "finish-step" });
        isStepOpen = true;
        chunks.push({ type: "start-step" });
        break;
      case "text":
      case "reasoning": {
        const id = `${part.type}-${index}`;
        chunks.push({ type: `${part.type}-start`, id });
        chunks.push({ type: `${part.type}-delta`, id, delta: part.text });
        chunks.push({ type: `${part.type}-end`, id });
        break;
      }
      case "dynamic-tool":
        chunks.push(...toToolChunks(part, Asked.safeParse(stored).data?.approval ?? null));
    }
  }
  if (isStepOpen && receipt.status === "complete") chunks.push({ type: "finish-step" });
  return [...chunks, ...toTerminalChunks(receipt)];
}

/** A person was asked whether the call may be made. */
const Asked = z.object({ approval: z.object({ id: z.string(), approved: z.boolean().optional() }) });
type Approval = z.infer<typeof Asked>["approval"];

function toToolChunks(part: ToolPart, approval: Approval | null): AnswerChunk[] {
  const { toolCallId, toolName, input } = part;
  return [
    { type: "tool-input-available", toolCallId, toolName, input, dynamic: true },
    ...(approval === null ? [] : toWordChunks(toolCallId, approval)),
    ...toResultChunks(part),
  ];
}

function toWordChunks(toolCallId: string, { id: approvalId, approved }: Approval): AnswerChunk[] {
  const asked: AnswerChunk = { type: "tool-approval-request", approvalId, toolCallId };
  return approved === undefined ? [asked] : [asked, { type: "tool-approval-response", approvalId, approved }];
}

function toResultChunks({ toolCallId, state, output, errorText }: ToolPart): AnswerChunk[] {
  switch (state) {
    case "output-available":
      return [{ type: "tool-output-available", toolCallId, output, dynamic: true }];
    case "output-error":
      return [{ type: "tool-output-error", toolCallId, errorText: errorText ?? "", dynamic: true }];
    case "output-denied":
      return [{ type: "tool-output-denied", toolCallId }];
    default:
      // Left to its caller, or to nobody.
      return [];
  }
}
