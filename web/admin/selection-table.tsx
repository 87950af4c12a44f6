/** The selections as a table whose rows open. Narrow screens see fewer columns; the rest is in the row's detail. */
import { Fragment, useState } from "react";
import { CaretRightIcon } from "@phosphor-icons/react/dist/csr/CaretRight";
import { formatClock, formatDuration, formatMicroUsd, formatMoment } from "../ui/format.ts";
import { EndChip } from "./circuit-state.tsx";
import { SelectionDetail } from "./selection-detail.tsx";
import type { SelectionEntry } from "./selection-entry.ts";

const DAY_MS = 86_400_000;
const COLUMNS = 8;
const CELL = "px-2 py-2.5 sm:px-3";
const WIDE = `${CELL} hidden md:table-cell`;

interface RowProps {
  readonly entry: SelectionEntry;
  readonly nowMs: number;
  readonly isOpenAtFirst: boolean;
}

function Row({ entry, nowMs, isOpenAtFirst }: RowProps) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const { tail, record } = entry;
  const time = nowMs - tail.atMs < DAY_MS ? formatClock(tail.atMs) : formatMoment(tail.atMs);
  return (
    <Fragment>
      <tr
        className={`border-t border-line hover:bg-hover ${record === null ? "just-arrived" : ""} cursor-pointer`}
        onClick={() => setIsOpen((was) => !was)}
      >
        <td className={`${CELL} pr-0`}>
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={`Details of the selection at ${time}`}
            onClick={(event) => {
              event.stopPropagation();
              setIsOpen((was) => !was);
            }}
            className="flex size-6 items-center justify-center rounded"
          >
            <CaretRightIcon
              aria-hidden
              size={14}
              className={`transition-transform ${isOpen ? "rotate-90" : ""}`}
            />
          </button>
        </td>
        <td className={`${CELL} whitespace-nowrap text-ink-soft tabular-nums`}>{time}</td>
        <td className={CELL}>
          <EndChip status={tail.status} />
        </td>
        <td className={`${CELL} min-w-28 wrap-anywhere`}>
          {tail.provider === null ? (
            <span className="text-ink-faint">nobody answered</span>
          ) : (
            <>
              {tail.provider} <span className="text-ink-faint">{tail.model}</span>
            </>
          )}
        </td>
        <td className={`${WIDE} text-ink-soft`}>
          {tail.intent} <span className="text-ink-faint">{tail.mode}</span>
        </td>
        <td className={`${WIDE} text-right tabular-nums`}>{tail.attempts}</td>
        <td className={`${WIDE} text-right whitespace-nowrap tabular-nums`}>
          {formatDuration(tail.firstTokenMs)}
        </td>
        <td className={`${WIDE} text-right whitespace-nowrap tabular-nums`}>
          {formatMicroUsd(tail.costMicroUsd)}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={COLUMNS} className="border-t border-line p-0">
            {record === null ? (
              <p className="bg-sunken p-4 text-sm text-ink-soft">
                The record is being stored; it shows here in a moment.
              </p>
            ) : (
              <SelectionDetail record={record} />
            )}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

interface SelectionTableProps {
  readonly entries: readonly SelectionEntry[];
  readonly nowMs: number;
  /** The request whose row is open from the start; empty for none. */
  readonly openRequestId: string;
}

/** Newest first. */
export function SelectionTable({ entries, nowMs, openRequestId }: SelectionTableProps) {
  return (
    <div className="card overflow-x-auto">
      <table aria-label="Selections" className="w-full text-sm">
        <thead className="text-left text-xs text-ink-faint">
          <tr>
            <th className={`${CELL} w-8 pr-0`}>
              <span className="sr-only">Details</span>
            </th>
            <th className={`${CELL} font-medium`}>Time</th>
            <th className={`${CELL} font-medium`}>Status</th>
            <th className={`${CELL} font-medium`}>Answered by</th>
            <th className={`${WIDE} font-medium`}>Intent, mode</th>
            <th className={`${WIDE} text-right font-medium`}>Attempts</th>
            <th className={`${WIDE} text-right font-medium`}>First token</th>
            <th className={`${WIDE} text-right font-medium`}>Cost</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row
              key={entry.tail.id}
              entry={entry}
              nowMs={nowMs}
              isOpenAtFirst={openRequestId !== "" && entry.tail.requestId === openRequestId}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}
