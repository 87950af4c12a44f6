/** Tool calls as answers tell them against the book of what was done, and what people allowed. Rule SM40. */
import { readAnswerParts, toOpenCalls, type ToolPart } from "../../../src/protocol/answer-parts.ts";
import type { StoredChat } from "./session-invariants.ts";
import type { SessionWorld } from "./session-world.ts";
import { isRepeatable, wantsWord } from "./sim-tools.ts";

export function checkTools({ toolRuns, ledger }: SessionWorld, { ordered }: StoredChat): string[] {
  const breaches: string[] = [];
  const runsOf = new Map<string, number>();
  for (const { tool, toolCallId } of toolRuns) {
    const runs = (runsOf.get(toolCallId) ?? 0) + 1;
    runsOf.set(toolCallId, runs);
    if (runs > 1 && !isRepeatable(tool))
      breaches.push(`[SM40] ${toolCallId} of ${tool} was made ${runs} times`);
    if (wantsWord(tool) && !ledger.allowed.has(toolCallId))
      breaches.push(`[SM40] ${toolCallId} of ${tool} was made and nobody had allowed it`);
  }
  const stored = new Map<string, ToolPart>();
  for (const message of ordered) {
    if (message.role !== "assistant") continue;
    const parts = readAnswerParts(message);
    for (const part of parts) {
      if (part.type !== "dynamic-tool") continue;
      if (stored.has(part.toolCallId)) breaches.push(`[SM40] ${part.toolCallId} stands twice`);
      stored.set(part.toolCallId, part);
    }
    const open = message.metadata?.status === "complete" ? toOpenCalls(parts) : [];
    for (const { toolCallId, state } of open)
      breaches.push(`[SM40] ${toolCallId} is ${state} in an answer that is complete`);
  }
  for (const { toolCallId, state } of stored.values()) {
    const runs = runsOf.get(toolCallId) ?? 0;
    if (state === "output-available" && runs === 0)
      breaches.push(`[SM40] ${toolCallId} has an output and was never made`);
    if (state === "output-denied" && runs > 0) breaches.push(`[SM40] ${toolCallId} is denied and was made`);
  }
  for (const { toolCallId } of toolRuns) {
    if (!stored.has(toolCallId)) breaches.push(`[SM40] ${toolCallId} was made and stands in no answer`);
  }
  return breaches;
}
