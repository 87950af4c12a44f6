/** Every change of a circuit, newest first, with who or what caused it. */
import { ArrowRightIcon } from "@phosphor-icons/react/dist/csr/ArrowRight";
import { Link } from "wouter";
import type { CircuitTransition } from "../../src/protocol/circuit.ts";
import { formatClock, formatMoment, formatPlural } from "../ui/format.ts";
import { CircuitChip } from "./circuit-state.tsx";

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

/** The list; `nowMs` decides whether a time needs its day. */
export function TransitionTimeline({
  transitions,
  nowMs,
}: {
  readonly transitions: readonly CircuitTransition[];
  readonly nowMs: number;
}) {
  if (transitions.length === 0)
    return <p className="p-4 text-sm text-ink-faint">No circuit has changed its state yet.</p>;
  return (
    <ol>
      {transitions.map((transition) => (
        <li
          key={`${transition.provider}-${transition.version}`}
          className="grid gap-x-4 gap-y-1 border-t border-line px-4 py-3 first:border-t-0 sm:grid-cols-[6rem_20rem_1fr]"
        >
          <time
            dateTime={new Date(transition.atMs).toISOString()}
            className="text-[13px] text-ink-faint tabular-nums sm:leading-6"
          >
            {nowMs - transition.atMs < DAY_MS ? formatClock(transition.atMs) : formatMoment(transition.atMs)}
          </time>
          <p className="flex flex-wrap items-center gap-1.5">
            <span className="mr-1 text-sm font-semibold">{transition.provider}</span>
            <CircuitChip status={transition.from} />
            <ArrowRightIcon role="img" aria-label="to" size={14} className="text-ink-faint" />
            <CircuitChip status={transition.to} />
          </p>
          <div className="text-sm sm:leading-6">
            {transition.reason}
            {transition.actor !== null && !transition.reason.includes(transition.actor) && (
              <span className="text-ink-faint"> · by {transition.actor}</span>
            )}
            <Requests ids={transition.requestIds} />
          </div>
        </li>
      ))}
    </ol>
  );
}
