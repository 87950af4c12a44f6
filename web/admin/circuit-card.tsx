/** Everything about one provider's circuit on a card. */
import type { ReactNode } from "react";
import type { CircuitDetail, CircuitSnapshot } from "../../src/protocol/circuit.ts";
import { formatAgo, formatDuration } from "../ui/format.ts";
import { CircuitActions } from "./circuit-actions.tsx";
import { CircuitChip, CoolDownChip, ModeChip, SuspectChip } from "./circuit-state.tsx";
import { toCoolDownMs, toWaitText } from "./circuit-wait.ts";
import { ModelCircuits } from "./model-circuits.tsx";
import { PolicyLine } from "./policy-dialog.tsx";
import { RecentCalls } from "./recent-calls.tsx";
import { RegionStates } from "./region-states.tsx";

interface CircuitCardProps {
  readonly detail: CircuitDetail;
  /** By the server's clock. */
  readonly nowMs: number;
  /** The sandbox's control of this provider, where there is one. */
  readonly children: ReactNode;
}

/** More places than this are drawn as one bar. */
const MAX_SEGMENTS = 10;

function FailureGauge({ snapshot }: { readonly snapshot: CircuitSnapshot }) {
  const { failureCount, failureThreshold, status, mode } = snapshot;
  // Also after a good probe: a circuit that was open is on trial until a real call goes well.
  const isOnTrial =
    status === "CLOSED" &&
    mode !== "forced-closed" &&
    failureCount > 0 &&
    failureCount === failureThreshold - 1;
  const segments = Math.min(failureThreshold, MAX_SEGMENTS);
  const filled = Math.round((Math.min(failureCount, failureThreshold) / failureThreshold) * segments);
  return (
    <div>
      <div className="mb-1.5 flex justify-between text-xs text-ink-faint">
        <span>Failures in a row{isOnTrial && ", one more and it opens"}</span>
        <span className="tabular-nums">
          {failureCount} of {failureThreshold}
        </span>
      </div>
      <div
        role="meter"
        aria-label="Failures in a row"
        aria-valuemin={0}
        aria-valuemax={failureThreshold}
        aria-valuenow={Math.min(failureCount, failureThreshold)}
        className="flex gap-1"
      >
        {Array.from({ length: segments }, (_, index) => (
          <span
            key={index}
            className={`h-2 flex-1 rounded-full transition-colors ${index < filled ? (filled === segments ? "bg-bad" : "bg-warn") : "bg-hover"}`}
          />
        ))}
      </div>
    </div>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-faint">{name}</dt>
      <dd className="font-semibold tabular-nums">{children}</dd>
    </div>
  );
}

function CardHead({ detail, nowMs }: { readonly detail: CircuitDetail; readonly nowMs: number }) {
  const { snapshot, sandbox } = detail;
  const coolDownMs = toCoolDownMs(snapshot, nowMs);
  return (
    <header className="flex flex-wrap items-center gap-2">
      <h2 className="text-lg font-semibold tracking-tight">{snapshot.provider}</h2>
      <CircuitChip status={snapshot.status} />
      {snapshot.suspect && snapshot.status === "CLOSED" && <SuspectChip detail="a probe is deciding" />}
      {coolDownMs !== null && <CoolDownChip leftMs={coolDownMs} />}
      <ModeChip mode={snapshot.mode} />
      {sandbox && <span className="ml-auto text-xs text-ink-faint">sandbox</span>}
    </header>
  );
}

/** State, reason, failures, last calls, timings, models, regions, what is next, and what a person can do. */
export function CircuitCard({ detail, nowMs, children }: CircuitCardProps) {
  const { snapshot } = detail;
  return (
    <section aria-label={`Circuit ${snapshot.provider}`} className="card flex flex-col gap-4 p-4">
      <CardHead detail={detail} nowMs={nowMs} />
      <p className="min-h-10 text-sm wrap-anywhere text-ink-soft">
        {snapshot.reason}
        {/* What has never happened has no time. */}
        {detail.transitions.length > 0 && (
          <span className="text-ink-faint"> · {formatAgo(snapshot.changedAtMs, nowMs)}</span>
        )}
      </p>
      <FailureGauge snapshot={snapshot} />
      <RecentCalls calls={detail.recentCalls} />
      <div className="flex items-end justify-between gap-4">
        <dl className="flex gap-6">
          <Figure name="First token p50">{formatDuration(detail.firstTokenP50Ms)}</Figure>
          <Figure name="p95">{formatDuration(detail.firstTokenP95Ms)}</Figure>
        </dl>
        <p role="timer" className="text-right text-[13px] text-ink-soft tabular-nums">
          {toWaitText(snapshot, detail.nextProbeAtMs, nowMs)}
        </p>
      </div>
      <ModelCircuits provider={snapshot.provider} models={snapshot.models} nowMs={nowMs} />
      <RegionStates regions={detail.regions} nowMs={nowMs} />
      <div className="mt-auto flex flex-col gap-3 border-t border-line pt-3">
        <PolicyLine detail={detail} />
        <CircuitActions snapshot={snapshot} />
        {children}
      </div>
    </section>
  );
}
