/** The receipt under an answer: one line that opens to the legs and the reasons. */
import { CaretRightIcon } from "@phosphor-icons/react/dist/csr/CaretRight";
import { PathIcon } from "@phosphor-icons/react/dist/csr/Path";
import type { Leg, Receipt } from "../../../src/protocol/answer.ts";
import { formatCount, formatDuration, formatPlural } from "../../ui/format.ts";
import { useModelNames } from "../composer/model-name.ts";
import { toLegCost, toLegCount, toLegsText, toReceiptFigures } from "./receipt-figure.ts";

interface LegProps {
  readonly leg: Leg;
  readonly name: string;
  readonly isShared: boolean;
}

function LegRow({ leg, name, isShared }: LegProps) {
  const { usage } = leg;
  return (
    <tr>
      <td className="py-1 pr-3">
        {leg.provider} <span className="text-ink-faint">{name}</span>
      </td>
      <td className="py-1 pr-3 text-right tabular-nums">
        {toLegCount(leg, usage.inputTokens)}
        {(usage.cachedInputTokens ?? 0) > 0 && (
          <span className="text-ink-faint"> ({formatCount(usage.cachedInputTokens)} cached)</span>
        )}
      </td>
      <td className="py-1 pr-3 text-right tabular-nums">
        {toLegCount(leg, usage.outputTokens)}
        {(usage.reasoningTokens ?? 0) > 0 && (
          <span className="text-ink-faint"> ({formatCount(usage.reasoningTokens)} reasoning)</span>
        )}
      </td>
      {!isShared && <td className="py-1 text-right tabular-nums">{toLegCost(leg)}</td>}
    </tr>
  );
}

interface ReceiptProps {
  readonly receipt: Receipt;
  /** How many steps the answer took: calls of tools make more than one. */
  readonly steps: number;
  /** Without prices and reasons, for whoever has the link. */
  readonly isShared: boolean;
}

function LegTable({ receipt, isShared }: Pick<ReceiptProps, "receipt" | "isShared">) {
  const nameOf = useModelNames();
  const hasEstimate = receipt.legs.some(({ estimated }) => estimated);
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Legs of this answer">
      <table className="w-full whitespace-nowrap">
        <thead className="text-left text-xs text-ink-faint">
          <tr>
            <th className="pr-3 font-medium">Leg</th>
            <th className="pr-3 text-right font-medium">Tokens in</th>
            <th className="pr-3 text-right font-medium">Tokens out</th>
            {!isShared && <th className="text-right font-medium">Cost</th>}
          </tr>
        </thead>
        <tbody>
          {receipt.legs.map((leg, index) => (
            <LegRow key={index} leg={leg} name={nameOf(leg.provider, leg.model)} isShared={isShared} />
          ))}
        </tbody>
      </table>
      {hasEstimate && (
        <p className="mt-1 text-xs text-ink-faint">
          ≈ our estimate: the provider broke off before it had counted.
        </p>
      )}
    </div>
  );
}

function ReceiptDetail({ receipt, isShared }: ReceiptProps) {
  return (
    <div className="mt-2 flex flex-col gap-3 rounded-xl border border-line bg-sunken p-3 text-[13px] text-ink-soft">
      {receipt.legs.length > 0 && <LegTable receipt={receipt} isShared={isShared} />}
      {!isShared && (
        <p>
          Asked for <span className="font-medium text-ink">{receipt.requested.join(", ")}</span>
          {receipt.durationMs !== null && `, answered in ${formatDuration(receipt.durationMs)}`} with{" "}
          {formatPlural(receipt.attempts, "attempt")}.
        </p>
      )}
      {receipt.reasons.length > 0 && (
        <ol aria-label="Why this model" className="list-decimal pl-5">
          {receipt.reasons.map((reason, index) => (
            <li key={index}>{reason}</li>
          ))}
        </ol>
      )}
      {receipt.selectionId !== "" && (
        <p className="font-mono text-[11px] break-all text-ink-faint">{receipt.selectionId}</p>
      )}
    </div>
  );
}

/** Provider, model, first token, tokens, cost and attempts of an answer, with the rest behind it. */
export function ReceiptLine({ receipt, steps, isShared }: ReceiptProps) {
  const legs = toLegsText(receipt.legs, steps, useModelNames());
  return (
    <details className="group min-w-0 flex-1">
      <summary className="flex min-h-8 list-none flex-wrap items-center gap-x-1.5 rounded-lg text-xs text-ink-faint hover:text-ink [&::-webkit-details-marker]:hidden">
        <span className="sr-only">Receipt. </span>
        <CaretRightIcon aria-hidden size={12} className="transition-transform group-open:rotate-90" />
        {toReceiptFigures(receipt, isShared).map((figure, index, figures) => (
          <span key={figure.name} data-figure={figure.name} className="whitespace-nowrap">
            <span className="sr-only">{figure.name}: </span>
            {figure.text}
            {index < figures.length - 1 && (
              <span aria-hidden className="pl-1.5">
                ·
              </span>
            )}
          </span>
        ))}
        {legs !== "" && (
          <span data-figure="Legs" className="flex w-full items-center gap-1.5 pl-5 text-ink-soft">
            <PathIcon aria-hidden size={14} className="shrink-0" />
            <span>
              <span className="sr-only">Written by: </span>
              {legs}
            </span>
          </span>
        )}
      </summary>
      <ReceiptDetail receipt={receipt} steps={steps} isShared={isShared} />
    </details>
  );
}
