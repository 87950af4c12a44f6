/** A circuit's last calls as ticks, oldest on the left; hovering or the arrow keys tell one of them. */
import { useState } from "react";
import type { CircuitCall } from "../../src/protocol/circuit.ts";
import { formatClock, formatDuration } from "../ui/format.ts";
import { MAX_CALLS, toCallsSummary, toCallTone } from "./recent-call.ts";
import type { CallTone } from "./recent-call.ts";

const MIN_HEIGHT = 0.3;

function toCallText(call: CircuitCall): string {
  const what = call.kind === "probe" ? "probe" : "call";
  const how = call.ok
    ? `first token ${formatDuration(call.latencyMs)}`
    : `${toCallTone(call) === "bad" ? "failed" : "ended"} after ${formatDuration(call.latencyMs)}`;
  return `${formatClock(call.atMs)} ${what} ${call.model}: ${how}${call.error === "" ? "" : `, ${call.error}`}`;
}

/** Filled for a call, hollow for a probe. */
const LOOK: Readonly<Record<CallTone, { readonly call: string; readonly probe: string }>> = {
  good: { call: "bg-good", probe: "border-2 border-good" },
  bad: { call: "bg-bad", probe: "border-2 border-bad" },
  pause: { call: "bg-accent", probe: "border-2 border-accent" },
  neutral: { call: "bg-line-strong", probe: "border-2 border-line-strong" },
};

/** The ticks: height is the time a good call took, a failure stands full, a probe is hollow. */
export function RecentCalls({ calls }: { readonly calls: readonly CircuitCall[] }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const oldestFirst = calls.slice(0, MAX_CALLS).toReversed();
  const slowestMs = Math.max(1, ...oldestFirst.map((call) => (call.ok ? call.latencyMs : 0)));
  const summary = toCallsSummary(oldestFirst);
  const told = chosen === null ? undefined : oldestFirst[chosen];
  const move = (by: number): void =>
    setChosen((was) => Math.min(oldestFirst.length - 1, Math.max(0, (was ?? oldestFirst.length) + by)));
  return (
    <div>
      <div
        role="group"
        aria-label={summary}
        tabIndex={oldestFirst.length === 0 ? -1 : 0}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") move(-1);
          if (event.key === "ArrowRight") move(1);
        }}
        onBlur={() => setChosen(null)}
        onPointerLeave={() => setChosen(null)}
        className="flex h-10 items-end gap-[3px] rounded"
      >
        {Array.from({ length: MAX_CALLS - oldestFirst.length }, (_, index) => (
          <span key={`empty-${index}`} className="h-1 flex-1 rounded-sm bg-hover" />
        ))}
        {oldestFirst.map((call, index) => {
          const share = call.ok ? MIN_HEIGHT + (1 - MIN_HEIGHT) * (call.latencyMs / slowestMs) : 1;
          return (
            <span
              key={`${call.atMs}-${index}`}
              onPointerEnter={() => setChosen(index)}
              style={{ height: `${Math.round(share * 100)}%` }}
              className={`flex-1 rounded-sm ${LOOK[toCallTone(call)][call.kind]} ${chosen === index ? "opacity-60" : ""}`}
            />
          );
        })}
      </div>
      <p aria-live="polite" className="mt-1 line-clamp-2 min-h-8 text-xs leading-4 text-ink-faint">
        {told === undefined ? summary : toCallText(told)}
      </p>
    </div>
  );
}
