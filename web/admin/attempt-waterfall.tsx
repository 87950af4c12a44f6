/** The attempts of a selection as bars over its whole time; the darker end of a bar is where words came. */
import type { SelectionAttempt } from "../../src/protocol/selection.ts";
import { formatCount, formatDuration, formatMicroUsd } from "../ui/format.ts";

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

/** A row for each attempt: who, when, how long, and what went wrong. */
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
        <li key={index}>
          <div className="mb-1 flex flex-wrap justify-between gap-x-3 text-[13px]">
            <span>
              <span className="font-medium">{attempt.provider}</span>{" "}
              <span className="text-ink-faint">{attempt.model}</span>
            </span>
            <span className="text-ink-soft tabular-nums">
              {attempt.outcome} · from {formatDuration(attempt.startedAtMs)}, took{" "}
              {formatDuration(attempt.durationMs)}
              {attempt.firstTokenMs !== null && `, first token ${formatDuration(attempt.firstTokenMs)}`}
            </span>
          </div>
          <AttemptBar attempt={attempt} totalMs={totalMs} />
          <p className="mt-1 text-xs text-ink-faint">
            {attempt.error === null ? (
              `${formatCount(attempt.usage.inputTokens)} tokens in, ${formatCount(attempt.usage.outputTokens)} out, ${formatMicroUsd(attempt.costMicroUsd)}`
            ) : (
              <span className="wrap-anywhere text-bad">{attempt.error}</span>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
