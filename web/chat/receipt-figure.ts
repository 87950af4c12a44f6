/** What the line of a receipt says, in order. Pure. */
import type { Receipt, TokenUsage } from "../../src/protocol/answer.ts";
import { formatCount, formatDuration, formatMicroUsd, formatPlural } from "../ui/format.ts";

export interface ReceiptFigure {
  /** What it is, for those who hear the line instead of seeing it. */
  readonly name: string;
  readonly text: string;
}

function sumTokens(receipt: Receipt, read: (usage: TokenUsage) => number | null): number | null {
  const counts = receipt.legs.map((leg) => read(leg.usage));
  // One unknown leg makes the sum unknown: a part shown as the whole would be a lie.
  return counts.length === 0 || counts.includes(null)
    ? null
    : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Provider and model of the last leg, first token, tokens, cost, attempts; what nobody knows is left out or named. */
export function toReceiptFigures(receipt: Receipt): ReceiptFigure[] {
  const last = receipt.legs.at(-1);
  const input = sumTokens(receipt, (usage) => usage.inputTokens);
  const output = sumTokens(receipt, (usage) => usage.outputTokens);
  const providers = [...new Set(receipt.legs.map((leg) => leg.provider))];
  const figures: ReceiptFigure[] = [];
  if (last !== undefined) {
    figures.push({ name: "Provider", text: providers.join(" → ") }, { name: "Model", text: last.model });
  }
  if (receipt.firstTokenMs !== null) {
    figures.push({ name: "First token", text: `first token ${formatDuration(receipt.firstTokenMs)}` });
  }
  if (input !== null || output !== null) {
    figures.push({ name: "Tokens", text: `${formatCount(input)} in / ${formatCount(output)} out` });
  }
  if (last !== undefined) figures.push({ name: "Cost", text: formatMicroUsd(receipt.costMicroUsd) });
  figures.push({ name: "Attempts", text: formatPlural(receipt.attempts, "attempt") });
  if (receipt.sandbox) figures.push({ name: "Source", text: "sandbox" });
  return figures;
}
