/** What each region says of a provider. Nothing where there is only one. */
import { MapPinIcon } from "@phosphor-icons/react/dist/csr/MapPin";
import type { RegionState } from "../../src/protocol/circuit.ts";
import { formatAgo } from "../ui/format.ts";
import { CircuitChip, ClosedMark } from "./circuit-state.tsx";

interface RegionStatesProps {
  readonly regions: readonly RegionState[];
  readonly nowMs: number;
}

/** A line for each region that was heard of. */
export function RegionStates({ regions, nowMs }: RegionStatesProps) {
  if (regions.length === 0) return null;
  return (
    <div>
      <h3 className="eyebrow mb-1">Regions</h3>
      <ul className="flex flex-col gap-1">
        {regions.map(({ region, status, reason, reportedAtMs }) => (
          <li key={region} className="flex flex-wrap items-center gap-x-2 text-[13px]">
            <span className="inline-flex w-16 items-center gap-1 font-medium">
              <MapPinIcon aria-hidden size={14} className="text-ink-faint" />
              {region}
            </span>
            {status === "CLOSED" ? <ClosedMark /> : <CircuitChip status={status} />}
            <span className="min-w-0 flex-1 truncate text-xs text-ink-soft" title={reason}>
              {reason}
            </span>
            <span className="text-xs whitespace-nowrap text-ink-faint">{formatAgo(reportedAtMs, nowMs)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
