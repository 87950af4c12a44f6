/** The attempts of a selection as bars over its whole time; the darker end of a bar is where words came. */
import { LightningIcon } from "@phosphor-icons/react/dist/csr/Lightning";
import type { SelectionAttempt } from "../../src/protocol/selection.ts";
import { formatCount, formatDuration, formatMicroUsd } from "../ui/format.ts";
import { hasLostRace } from "./candidate-facts.ts";

const LOOK = { success: "bg-good", failure: "bg-bad", cancelled: "bg-ink-faint" } as const;
/** A bar narrower than this cannot be seen. */
const MIN_WIDTH_PERCENT = 0.8;

function toPercent(partMs: number, totalMs: number): number {
  return Math.min(100, (partMs / Math.max(1, totalMs)) * 100);
}

function AttemptBar({ attempt, totalMs }: { readonly attempt: SelectionAttempt; readonly totalMs: number }) {
  const left = toPercent(attempt.startedAtMs, totalMs);
  const width = Math.max(MIN_WIDTH_PERCENT, Math.min(100 - left, toPercent(attempt.durationMs, totalMs)));
  const waited = attempt.firstTokenMs === null ? 100 : toPercent(attempt.firstTokenMs, attempt.durationMs);
  return (
    <div aria-hidden className="relative h-4 rounded bg-hover">
      <div
        className={`absolute inset-y-0 overflow-hidden rounded ${LOOK[attempt.outcome]}`}
        style={{ left: `${Math.min(left, 100 - MIN_WIDTH_PERCENT)}%`, width: `${width}%` }}
      >
        <div className="h-full bg-surface/55" style={{ width: `${waited}%` }} />
      </div>
    </div>
  );
}

function AttemptRow({
  attempt,
  attempts,
  totalMs,
}: {
  readonly attempt: SelectionAttempt;
  readonly attempts: readonly SelectionAttempt[];
  readonly totalMs: number;
}) {
  const { provider, model, hedge, outcome, startedAtMs, durationMs, firstTokenMs, usage } = attempt;
  return (
    <li data-outcome={outcome}>
      <div className="mb-1 flex flex-wrap justify-between gap-x-3 text-[13px]">
        <span className="flex flex-wrap items-center gap-x-1.5">
          <span className="font-medium">{provider}</span>
          <span className="text-ink-faint">{model}</span>
          {hedge && (
            <span
              title="Started beside a slow attempt, to see which of them speaks first"
              className="inline-flex h-5 items-center gap-0.5 rounded-full bg-accent-soft px-1.5 text-xs font-semibold text-accent-strong"
            >
              <LightningIcon aria-hidden size={12} weight="fill" />
              hedge
            </span>
          )}
        </span>
        <span className="text-ink-soft tabular-nums">
          {hasLostRace(attempt, attempts) ? "lost the race" : outcome} · from {formatDuration(startedAtMs)},
          took {formatDuration(durationMs)}
          {firstTokenMs !== null && `, first token ${formatDuration(firstTokenMs)}`}
        </span>
      </div>
      <AttemptBar attempt={attempt} totalMs={totalMs} />
      <p className="mt-1 text-xs text-ink-faint">
        {attempt.error === null ? (
          `${formatCount(usage.inputTokens)} tokens in, ${formatCount(usage.outputTokens)} out, ${formatMicroUsd(attempt.costMicroUsd)}`
        ) : (
          <span className={`wrap-anywhere ${outcome === "failure" ? "text-bad" : ""}`}>{attempt.error}</span>
        )}
      </p>
    </li>
  );
}

/** A row for each attempt: who, when, how long, whether it was a hedge, and what went wrong. */
export function AttemptWaterfall({
  attempts,
  totalMs,
}: {
  readonly attempts: readonly SelectionAttempt[];
  readonly totalMs: number;
}) {
  if (attempts.length === 0) return <p className="text-sm text-ink-faint">No provider was called.</p>;
  return (
    <ol className="flex flex-col gap-3">
      {attempts.map((attempt, index) => (
        <AttemptRow key={index} attempt={attempt} attempts={attempts} totalMs={totalMs} />
      ))}
    </ol>
  );
}
