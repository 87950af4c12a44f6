/** The selection log: new rows as they happen, filters in the address, a row opens to the whole decision. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { ListMagnifyingGlassIcon } from "@phosphor-icons/react/dist/csr/ListMagnifyingGlass";
import { useSearchParams } from "wouter";
import { TerminalState } from "../../src/protocol/answer.ts";
import type { SelectionTail } from "../../src/protocol/circuit.ts";
import { readModels, readSelections } from "../api.ts";
import type { Connection } from "../session/chat-state.ts";
import { Button } from "../ui/button.tsx";
import { LivePill } from "../ui/live-pill.tsx";
import { useNow, usePageTitle } from "../ui/page-hook.ts";
import { PageShell } from "../ui/page-shell.tsx";
import type { PageTab } from "../ui/page-shell.tsx";
import { EmptyState, ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { toEntries } from "./selection-entry.ts";
import { SelectionTable } from "./selection-table.tsx";

const PAGE_ROWS = 50;
/** A record arrives by way of a queue: a moment after the socket told of it. */
const STORED_AFTER_MS = 1_500;
/** For those without the live socket, and for what the queue brought late. */
const POLL_MS = 10_000;
const NOW_EVERY_MS = 60_000;

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly all: string;
  readonly onChange: (value: string) => void;
}

function FilterSelect({ label, value, options, all, onChange }: SelectProps) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="field w-auto! py-1.5! text-sm!"
    >
      <option value="">{all}</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

interface SelectionsPageProps {
  readonly tabs: readonly PageTab[];
  readonly tail: readonly SelectionTail[];
  /** Null for those who have no live socket. */
  readonly connection: Connection | null;
}

/** The log of one's own organization. */
export function SelectionsPage({ tabs, tail, connection }: SelectionsPageProps) {
  usePageTitle("Selections");
  const nowMs = useNow(NOW_EVERY_MS);
  const [params, setParams] = useSearchParams();
  const requestId = params.get("request") ?? "";
  const filter = { provider: params.get("provider") ?? "", status: params.get("status") ?? "", requestId };
  const { data: catalog } = useQuery({ queryKey: ["models"], queryFn: readModels });
  const query = useInfiniteQuery({
    queryKey: ["selections", filter],
    queryFn: ({ pageParam }) => readSelections(filter, pageParam, PAGE_ROWS),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });
  const newest = tail[0]?.id;
  const { refetch } = query;
  useEffect(() => {
    if (newest === undefined) return undefined;
    const timer = setTimeout(() => void refetch(), STORED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [newest, refetch]);
  const setParam = (name: string, value: string): void =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      if (value === "") next.delete(name);
      else next.set(name, value);
      return next;
    });
  const providers = [...new Set(catalog?.targets.map(({ provider }) => provider))].toSorted();
  const records = query.data?.pages.flatMap((page) => page.selections) ?? [];
  const entries = toEntries(records, tail, filter, query.hasNextPage);
  return (
    <PageShell
      title="Selections"
      tabs={tabs}
      aside={connection !== null && <LivePill connection={connection} />}
    >
      <div className="mb-4 flex flex-wrap gap-2">
        <FilterSelect
          label="Provider"
          value={filter.provider}
          options={providers}
          all="All providers"
          onChange={(value) => setParam("provider", value)}
        />
        <FilterSelect
          label="Status"
          value={filter.status}
          options={TerminalState.options}
          all="All ends"
          onChange={(value) => setParam("status", value)}
        />
        {requestId !== "" && (
          <Button small className="min-h-9!" onClick={() => setParam("request", "")}>
            Only request …{requestId.slice(-6)} · show all
          </Button>
        )}
      </div>
      {query.data === undefined ? (
        query.error === null ? (
          <SkeletonLines count={8} />
        ) : (
          <ErrorState error={query.error} onRetry={() => void refetch()} />
        )
      ) : entries.length === 0 ? (
        <EmptyState
          icon={<ListMagnifyingGlassIcon aria-hidden size={36} />}
          title={
            query.hasNextPage
              ? "None among the newest"
              : requestId === ""
                ? "Nothing here yet"
                : "No selection of that request"
          }
        >
          {query.hasNextPage
            ? "There may be older ones."
            : requestId === ""
              ? "Every answer leaves a row: ask something in a chat."
              : "It may be running still, or not yours to see."}
        </EmptyState>
      ) : (
        <SelectionTable entries={entries} nowMs={nowMs} openRequestId={requestId} />
      )}
      {query.hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show older
          </Button>
        </div>
      )}
    </PageShell>
  );
}
