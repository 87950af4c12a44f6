/** What the line of a receipt says, in order. Pure. */
import type { Leg, Receipt, TokenUsage } from "../../../src/protocol/answer.ts";
import { sumKnown } from "../../../src/protocol/sum-known.ts";
import { formatCount, formatDuration, formatMicroUsd, formatPlural } from "../../ui/format.ts";

export interface ReceiptFigure {
  /** What it is, for those who hear the line instead of seeing it. */
  readonly name: string;
  readonly text: string;
}

function sumTokens(receipt: Receipt, read: (usage: TokenUsage) => number | null): number | null {
  return sumKnown(receipt.legs.map((leg) => read(leg.usage)));
}

/** A leg whose provider did not count it makes every sum an estimate. */
function isEstimate({ legs }: Receipt): boolean {
  return legs.some((leg) => leg.estimated);
}

function toCost(receipt: Receipt): string {
  const { costMicroUsd } = receipt;
  return `${costMicroUsd !== null && isEstimate(receipt) ? "≈" : ""}${formatMicroUsd(costMicroUsd)}`;
}

/** `≈` before what rests on an estimate of ours; nothing is set before what is unknown. */
export function toLegCost({ estimated, costMicroUsd }: Leg): string {
  return `${estimated && costMicroUsd !== null ? "≈" : ""}${formatMicroUsd(costMicroUsd)}`;
}

/** A count of one leg, marked like its cost. */
export function toLegCount({ estimated }: Leg, count: number | null): string {
  return `${estimated && count !== null ? "≈" : ""}${formatCount(count)}`;
}

/**
 * Who gave which part, when more than one had to: `Claude Sonnet 5 → GPT-6 Sol, went on after a fault`. An answer that
 * called tools has a leg for each of its `steps` without any fault. Empty when there is nothing to tell.
 */
export function toLegsText(
  legs: readonly Leg[],
  steps: number,
  nameOf: (provider: string, model: string) => string,
): string {
  const names = legs
    .map(({ provider, model }) => nameOf(provider, model))
    .filter((name, index, all) => name !== all[index - 1]);
  const faults = Math.max(0, legs.length - Math.max(1, steps));
  if (faults === 0) return names.length > 1 ? names.join(" → ") : "";
  const after = faults === 1 ? "a fault" : formatPlural(faults, "fault");
  return `${names.join(" → ")}, went on after ${after}`;
}

/** Provider and model of the last leg, first token, tokens, cost, attempts; what nobody knows is left out or named. */
export function toReceiptFigures(receipt: Receipt, isShared = false): ReceiptFigure[] {
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
    const about = isEstimate(receipt) ? "≈" : "";
    figures.push({ name: "Tokens", text: `${about}${formatCount(input)} in / ${formatCount(output)} out` });
  }
  // A shared receipt is without prices: that is not the same as one that nobody knows.
  if (last !== undefined && !isShared) figures.push({ name: "Cost", text: toCost(receipt) });
  figures.push({ name: "Attempts", text: formatPlural(receipt.attempts, "attempt") });
  if (receipt.sandbox) figures.push({ name: "Source", text: "sandbox" });
  return figures;
}
