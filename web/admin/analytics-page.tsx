/** Figures over the selection log: by provider, by intent, for a range that stands in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChartBarIcon } from "@phosphor-icons/react/dist/csr/ChartBar";
import { useSearchParams } from "wouter";
import type { ProviderAnalytics } from "../../src/protocol/analytics.ts";
import { readIntentAnalytics, readProviderAnalytics } from "../api.ts";
import { formatCount, formatMicroUsd, formatPlural, formatShare } from "../ui/format.ts";
import { useNow, usePageTitle } from "../ui/page-hook.ts";
import { PageShell } from "../ui/page-shell.tsx";
import type { PageTab } from "../ui/page-shell.tsx";
import { EmptyState, ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { RANGES, toRange, toSince } from "./analytics-range.ts";
import { IntentFigures } from "./intent-figures.tsx";
import { ProviderFigures } from "./provider-figures.tsx";

const REFRESH_MS = 60_000;

function Totals({ data }: { readonly data: ProviderAnalytics }) {
  const sum = (read: (row: ProviderAnalytics["providers"][number]) => number): number =>
    data.providers.reduce((total, row) => total + read(row), 0);
  const requests = sum((row) => row.requests);
  const unpriced = data.unpricedRequests;
  const figures = [
    { name: "Selections", text: data.total.toLocaleString("en-US") },
    { name: "Complete", text: requests === 0 ? "–" : formatShare(sum((row) => row.complete) / requests) },
    { name: "Tokens in", text: formatCount(sum((row) => row.inputTokens)) },
    { name: "Tokens out", text: formatCount(sum((row) => row.outputTokens)) },
    {
      name: unpriced === 0 ? "Cost" : `Cost, ${unpriced} unpriced`,
      text: formatMicroUsd(data.costMicroUsd),
    },
  ];
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-5">
      {figures.map(({ name, text }) => (
        <div key={name} className="card px-4 py-3 max-sm:last:col-span-2">
          <dt className="text-xs text-ink-faint">{name}</dt>
          <dd className="text-xl font-semibold tracking-tight tabular-nums">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The figures of one's own organization. */
export function AnalyticsPage({ tabs }: { readonly tabs: readonly PageTab[] }) {
  usePageTitle("Analytics");
  const [params, setParams] = useSearchParams();
  const range = toRange(params.get("range"));
  const since = toSince(range, useNow(REFRESH_MS));
  const options = { placeholderData: keepPreviousData } as const;
  const providers = useQuery({
    queryKey: ["analytics", "providers", range.name, since],
    queryFn: () => readProviderAnalytics(since),
    ...options,
  });
  const intents = useQuery({
    queryKey: ["analytics", "intents", range.name, since],
    queryFn: () => readIntentAnalytics(since),
    ...options,
  });
  const error = providers.error ?? intents.error;
  const retry = (): void => {
    void providers.refetch();
    void intents.refetch();
  };
  const select = (
    <select
      aria-label="Range"
      value={range.name}
      onChange={(event) => setParams({ range: event.target.value })}
      className="field w-auto! py-1.5! text-sm!"
    >
      {RANGES.map(({ name, text }) => (
        <option key={name} value={name}>
          {text}
        </option>
      ))}
    </select>
  );
  return (
    <PageShell title="Analytics" tabs={tabs} aside={select}>
      {providers.data === undefined || intents.data === undefined ? (
        error === null ? (
          <SkeletonLines count={4} className="h-24" />
        ) : (
          <ErrorState error={error} onRetry={retry} />
        )
      ) : providers.data.total === 0 ? (
        <EmptyState icon={<ChartBarIcon aria-hidden size={36} />} title="Nothing to count yet">
          Figures appear once something was asked in this range.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-5">
          <Totals data={providers.data} />
          {providers.data.limited && (
            <p className="text-sm text-ink-soft">
              There were more in this range: only the newest {formatPlural(providers.data.total, "selection")}{" "}
              are counted here.
            </p>
          )}
          <ProviderFigures data={providers.data} />
          <IntentFigures data={intents.data} />
        </div>
      )}
    </PageShell>
  );
}
