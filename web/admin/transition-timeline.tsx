/** Every change of a circuit, newest first, with who or what caused it. */
import { ArrowRightIcon } from "@phosphor-icons/react/dist/csr/ArrowRight";
import { MapPinIcon } from "@phosphor-icons/react/dist/csr/MapPin";
import { Link } from "wouter";
import { formatClock, formatMoment, formatPlural } from "../ui/format.ts";
import { CircuitChip } from "./circuit-state.tsx";
import type { TimelineEntry } from "./timeline-entry.ts";

/** An id's end tells two apart; the whole is in the link and its tooltip. */
const ID_END_CHARACTERS = 6;
const DAY_MS = 86_400_000;

function Requests({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <p className="mt-0.5 flex flex-wrap gap-x-2 text-xs text-ink-faint">
      {formatPlural(ids.length, "request")}:
      {ids.map((id) => (
        <Link
          key={id}
          href={`/console/selections?request=${encodeURIComponent(id)}`}
          title={id}
          className="font-mono text-accent underline underline-offset-2"
        >
          …{id.slice(-ID_END_CHARACTERS)}
        </Link>
      ))}
    </p>
  );
}

function Row({ entry, nowMs }: { readonly entry: TimelineEntry; readonly nowMs: number }) {
  const { transition, region, reason, requests } = entry;
  const { atMs, provider, model, from, to, actor } = transition;
  return (
    <li className="grid gap-x-4 gap-y-1 border-t border-line px-4 py-3 first:border-t-0 sm:grid-cols-[6rem_21rem_1fr]">
      <time
        dateTime={new Date(atMs).toISOString()}
        className="text-[13px] text-ink-faint tabular-nums sm:leading-6"
      >
        {nowMs - atMs < DAY_MS ? formatClock(atMs) : formatMoment(atMs)}
      </time>
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-1.5">
          <span className="mr-1 text-sm font-semibold">{provider}</span>
          {from === to ? (
            <span className="text-xs text-ink-faint">stays</span>
          ) : (
            <>
              <CircuitChip status={from} />
              <ArrowRightIcon role="img" aria-label="to" size={14} className="text-ink-faint" />
            </>
          )}
          <CircuitChip status={to} />
        </p>
        {(model !== null || region !== null) && (
          <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-xs text-ink-soft">
            {region !== null && (
              <span className="inline-flex items-center gap-1" title="The region that told it">
                <MapPinIcon aria-hidden size={12} />
                {region}
              </span>
            )}
            {model !== null && <span className="wrap-anywhere">only {model}</span>}
          </p>
        )}
      </div>
      <div className="min-w-0 text-sm wrap-anywhere sm:leading-6">
        {reason}
        {actor !== null && <span className="text-ink-faint"> · by {actor}</span>}
        <Requests ids={requests} />
      </div>
    </li>
  );
}

/** The list; `nowMs` decides whether a time needs its day. */
export function TransitionTimeline({
  entries,
  nowMs,
}: {
  readonly entries: readonly TimelineEntry[];
  readonly nowMs: number;
}) {
  if (entries.length === 0)
    return <p className="p-4 text-sm text-ink-faint">No circuit has changed its state yet.</p>;
  return (
    <ol>
      {entries.map((entry) => (
        <Row key={`${entry.transition.provider}-${entry.transition.version}`} entry={entry} nowMs={nowMs} />
      ))}
    </ol>
  );
}
