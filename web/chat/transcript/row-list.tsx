/**
 * A long column of rows in a box that scrolls: what stands in it is drawn only near what is in sight, and all of it
 * on paper. Rule WB136.
 */
import type { ReactNode } from "react";
import { ArrowDownIcon } from "@phosphor-icons/react/dist/csr/ArrowDown";
import { useIsPrinting } from "../../ui/page-hook.ts";
import type { ListRow, RowList } from "./use-row-list.ts";

interface RowListProps<Row extends ListRow> {
  readonly rows: readonly Row[];
  readonly list: RowList;
  readonly isLoadingOlder: boolean;
  readonly hasOlder: boolean;
  readonly children: (row: Row) => ReactNode;
}

function TopRoom({ isLoading }: { readonly isLoading: boolean }) {
  return (
    <div className="absolute inset-x-0 top-0 flex h-14 items-center justify-center text-xs text-ink-faint print:hidden">
      {isLoading && <p role="status">Loading older messages…</p>}
    </div>
  );
}

/** The rows of a conversation, and the way back to its end. */
export function RowColumn<Row extends ListRow>(props: RowListProps<Row>) {
  const { rows, list, isLoadingOlder, hasOlder, children } = props;
  const { boxRef, virtualizer, isAtEnd, toEnd, onFocus, onBlur } = list;
  const isPrinting = useIsPrinting();
  const drawn = isPrinting
    ? rows.map(({ key }, index) => ({ index, key, start: 0 }))
    : virtualizer.getVirtualItems();
  return (
    <div className="relative min-h-0 flex-1 [@media(max-height:20rem)]:min-h-40">
      <div
        ref={boxRef}
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        aria-live="off"
        onFocus={onFocus}
        onBlur={onBlur}
        className="h-full overflow-y-auto overscroll-contain -outline-offset-2! [overflow-anchor:none]"
      >
        <div
          style={isPrinting ? undefined : { height: virtualizer.getTotalSize() }}
          className="relative mx-auto w-full max-w-3xl print:max-w-none"
        >
          <TopRoom isLoading={isLoadingOlder} />
          {hasOlder && (
            <p className="hidden text-center text-xs text-ink-faint print:block print:p-4">
              There is more above this that was not loaded, and so was not printed.
            </p>
          )}
          {drawn.map(({ index, key, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div
                key={key}
                ref={isPrinting ? undefined : virtualizer.measureElement}
                data-index={index}
                style={isPrinting ? undefined : { transform: `translateY(${start}px)` }}
                className={`px-4 pb-6 print:px-0 ${isPrinting ? "" : "absolute inset-x-0 top-0"}`}
              >
                {children(row)}
              </div>
            );
          })}
        </div>
      </div>
      {hasOlder && !isLoadingOlder && (
        <p className="sr-only">There are older messages above; scroll up to load them.</p>
      )}
      {!isAtEnd && (
        <button
          type="button"
          onClick={toEnd}
          className="absolute bottom-3 left-1/2 flex h-9 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-surface px-3.5 text-[13px] font-medium shadow-float hover:bg-hover"
        >
          <ArrowDownIcon aria-hidden size={15} /> Jump to latest
        </button>
      )}
    </div>
  );
}
