/** One selection in full: the candidates with their reasons, and the attempts. */
import { Fragment } from "react";
import type { CandidateFacts, SelectionCandidate, SelectionRecord } from "../../src/protocol/selection.ts";
import { formatDuration, formatMicroUsd } from "../ui/format.ts";
import { AttemptWaterfall } from "./attempt-waterfall.tsx";
import { toDecisionText, toFigures, toObstacles } from "./candidate-facts.ts";
import { CircuitChip } from "./circuit-state.tsx";

function Facts({ facts }: { readonly facts: CandidateFacts }) {
  return (
    <dl className="mt-0.5 flex flex-wrap gap-x-3 text-xs tabular-nums">
      {toFigures(facts).map(({ name, text }) => (
        <div key={name} className="flex gap-1">
          <dt className="text-ink-faint">{name}</dt>
          <dd className="text-ink-soft">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function Candidate({ candidate }: { readonly candidate: SelectionCandidate }) {
  const { facts } = candidate;
  const isOut = candidate.place === null;
  const obstacles = facts === null ? [] : toObstacles(facts);
  return (
    <li className={`flex gap-3 border-t border-line py-2 first:border-t-0 ${isOut ? "text-ink-faint" : ""}`}>
      <span
        className="flex size-6 shrink-0 items-center justify-center rounded-full bg-hover text-xs font-semibold tabular-nums"
        title={isOut ? "Left out" : `Place ${candidate.place}`}
      >
        {candidate.place ?? "–"}
      </span>
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{candidate.provider}</span>
          <span className="text-ink-faint">{candidate.model}</span>
          {candidate.circuit !== "CLOSED" && <CircuitChip status={candidate.circuit} />}
          {obstacles.map((obstacle) => (
            <span key={obstacle} className="rounded-full bg-warn-soft px-2 text-xs font-medium text-warn">
              {obstacle}
            </span>
          ))}
        </p>
        <p className="text-[13px] wrap-anywhere text-ink-soft">{candidate.reason}</p>
        {facts !== null && <Facts facts={facts} />}
      </div>
    </li>
  );
}

/** What the row itself has no room for on a narrow screen. */
const NARROW_FIGURES: readonly {
  readonly name: string;
  readonly read: (record: SelectionRecord) => string;
}[] = [
  { name: "Intent, mode", read: ({ intent, mode }) => `${intent}, ${mode}` },
  { name: "First token", read: ({ firstTokenMs }) => formatDuration(firstTokenMs) },
  { name: "Cost", read: ({ costMicroUsd }) => formatMicroUsd(costMicroUsd) },
];

/** The record behind a row. */
export function SelectionDetail({ record }: { readonly record: SelectionRecord }) {
  const totalMs = Math.max(
    record.durationMs,
    ...record.attempts.map((attempt) => attempt.startedAtMs + attempt.durationMs),
  );
  return (
    <div className="grid gap-x-8 gap-y-5 bg-sunken p-4 lg:grid-cols-2">
      <section aria-label="Candidates">
        <h3 className="eyebrow mb-1">Candidates</h3>
        <ol>
          {record.candidates.map((candidate, index) => (
            <Candidate key={index} candidate={candidate} />
          ))}
        </ol>
      </section>
      <section aria-label="Attempts">
        <h3 className="eyebrow mb-2">Attempts over {formatDuration(totalMs)}</h3>
        <AttemptWaterfall attempts={record.attempts} totalMs={totalMs} />
      </section>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-xs text-ink-faint lg:col-span-2 [&_dd]:font-mono [&_dd]:wrap-anywhere">
        <dt>Asked for</dt>
        <dd>{record.requested.join(", ")}</dd>
        {record.decision !== null && (
          <>
            <dt>Policy</dt>
            <dd>{toDecisionText(record.decision)}</dd>
          </>
        )}
        {NARROW_FIGURES.map(({ name, read }) => (
          <Fragment key={name}>
            <dt className="md:hidden">{name}</dt>
            <dd className="md:hidden">{read(record)}</dd>
          </Fragment>
        ))}
        <dt>Selection</dt>
        <dd>{record.id}</dd>
        <dt>Request</dt>
        <dd>{record.requestId}</dd>
        {record.sessionId !== null && (
          <>
            <dt>Chat</dt>
            <dd>{record.sessionId}</dd>
          </>
        )}
        {record.affinity && (
          <>
            <dt>Affinity</dt>
            <dd>the provider that gave this chat’s answer before</dd>
          </>
        )}
      </dl>
    </div>
  );
}
