/** Everything about one provider's circuit on a card. */
import { EyeIcon } from "@phosphor-icons/react/dist/csr/Eye";
import { HandIcon } from "@phosphor-icons/react/dist/csr/Hand";
import type { ReactNode } from "react";
import type { CircuitDetail, CircuitSnapshot } from "../../src/protocol/circuit.ts";
import { formatAgo, formatCountdown, formatDuration } from "../ui/format.ts";
import { CircuitActions } from "./circuit-actions.tsx";
import { CircuitChip } from "./circuit-state.tsx";
import { RecentCalls } from "./recent-calls.tsx";

interface CircuitCardProps {
  readonly detail: CircuitDetail;
  /** By the server's clock. */
  readonly nowMs: number;
  /** The sandbox's control of this provider, where there is one. */
  readonly children: ReactNode;
}

/** The modes that a person chose, in words; `auto` needs none. */
const HELD = new Map<string, string>([
  ["forced-open", "Held open"],
  ["forced-closed", "Held closed"],
  ["draining", "Draining"],
]);

/** More places than this are drawn as one bar. */
const MAX_SEGMENTS = 10;

function FailureGauge({ snapshot }: { readonly snapshot: CircuitSnapshot }) {
  const { failureCount, failureThreshold } = snapshot;
  const segments = Math.min(failureThreshold, MAX_SEGMENTS);
  const filled = Math.round((Math.min(failureCount, failureThreshold) / failureThreshold) * segments);
  return (
    <div>
      <div className="mb-1.5 flex justify-between text-xs text-ink-faint">
        <span>Failures in a row</span>
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

/** What the circuit waits for, in words and seconds; empty when it waits for nothing. */
function toWaitText(detail: CircuitDetail, nowMs: number): string {
  const { snapshot, nextProbeAtMs } = detail;
  const coolDown = snapshot.coolDownUntilMs;
  if (coolDown !== null && coolDown > nowMs) {
    return `The provider asked for quiet: ${formatCountdown(coolDown - nowMs)} more`;
  }
  if (snapshot.mode === "forced-open") return "No probe: held open";
  const probeAtMs = nextProbeAtMs ?? snapshot.openUntilMs;
  if (snapshot.status === "OPEN" && probeAtMs !== null) {
    return probeAtMs > nowMs ? `Probe in ${formatCountdown(probeAtMs - nowMs)}` : "Probe is due";
  }
  if (snapshot.status === "HALF_OPEN") return "A probe is on its way";
  return nextProbeAtMs !== null && nextProbeAtMs > nowMs
    ? `Next check in ${formatCountdown(nextProbeAtMs - nowMs)}`
    : "";
}

/** State, reason, failures, last calls, timings, what is next, and what a person can do. */
export function CircuitCard({ detail, nowMs, children }: CircuitCardProps) {
  const { snapshot } = detail;
  const byHand = HELD.get(snapshot.mode);
  return (
    <section aria-label={`Circuit ${snapshot.provider}`} className="card flex flex-col gap-4 p-4">
      <header className="flex flex-wrap items-center gap-2">
        <h2 className="text-lg font-semibold tracking-tight">{snapshot.provider}</h2>
        <CircuitChip status={snapshot.status} />
        {byHand !== undefined && (
          <span className="inline-flex h-6 items-center gap-1 rounded-full bg-hover px-2 text-xs font-semibold text-ink-soft">
            <HandIcon aria-hidden size={14} weight="fill" />
            {byHand}
          </span>
        )}
        {snapshot.suspect && snapshot.status === "CLOSED" && (
          <span
            title="It failed lately: other providers go first until a call or a probe goes well"
            className="inline-flex h-6 items-center gap-1 rounded-full bg-warn-soft px-2 text-xs font-semibold text-warn"
          >
            <EyeIcon aria-hidden size={14} weight="fill" />
            Suspect
          </span>
        )}
        {detail.sandbox && <span className="ml-auto text-xs text-ink-faint">sandbox</span>}
      </header>
      <p className="min-h-10 text-sm text-ink-soft">
        {snapshot.reason}
        <span className="text-ink-faint"> · {formatAgo(snapshot.changedAtMs, nowMs)}</span>
      </p>
      <FailureGauge snapshot={snapshot} />
      <RecentCalls calls={detail.recentCalls} />
      <div className="flex items-end justify-between gap-4">
        <dl className="flex gap-6">
          <Figure name="First token p50">{formatDuration(detail.firstTokenP50Ms)}</Figure>
          <Figure name="p95">{formatDuration(detail.firstTokenP95Ms)}</Figure>
        </dl>
        <p role="timer" className="text-right text-[13px] text-ink-soft tabular-nums">
          {toWaitText(detail, nowMs)}
        </p>
      </div>
      <div className="mt-auto flex flex-col gap-3 border-t border-line pt-3">
        <CircuitActions snapshot={snapshot} />
        {children}
      </div>
    </section>
  );
}
