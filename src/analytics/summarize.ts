/**
 * From selections to the figures of the two analytics endpoints. Pure: the rows come from store.ts, the circuits
 * from whoever asks. A selection that nobody answered counts in the total and for no provider.
 */
import type { IntentAnalytics, ProviderAnalytics } from "../protocol/analytics.ts";
import type { CircuitStatus } from "../protocol/circuit.ts";

/** The columns of a selection that are counted. */
export interface CountedSelection {
  readonly provider: string | null;
  readonly model: string | null;
  readonly intent: string;
  readonly mode: string;
  readonly status: string;
  readonly affinity: boolean;
  readonly firstTokenMs: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costMicroUsd: number | null;
}

export interface CountedSelections {
  /** Newest first. */
  readonly selections: readonly CountedSelection[];
  /** There are more since that time than were read: whatever is summed up of these is not all. */
  readonly limited: boolean;
}

/** What stands in the breakdown of an intent for a selection that nobody answered. */
export const NO_PROVIDER = "none";

/** Figures for each provider, the busiest first. */
export function toProviderAnalytics(
  sinceMs: number,
  { selections, limited }: CountedSelections,
  circuits: ReadonlyMap<string, CircuitStatus>,
): ProviderAnalytics {
  const byProvider = groupBy(
    selections.filter((selection) => selection.provider !== null),
    (selection) => selection.provider ?? NO_PROVIDER,
  );
  return {
    since: new Date(sinceMs).toISOString(),
    total: selections.length,
    limited,
    ...toCosts(selections),
    providers: [...byProvider]
      .map(([provider, rows]) => toProviderFigures(provider, rows, circuits.get(provider) ?? null))
      .toSorted(byRequests),
  };
}

/** Figures for each intent, the most frequent first, broken down by provider and mode. */
export function toIntentAnalytics(
  sinceMs: number,
  { selections, limited }: CountedSelections,
): IntentAnalytics {
  return {
    since: new Date(sinceMs).toISOString(),
    total: selections.length,
    limited,
    intents: [...groupBy(selections, (selection) => selection.intent)]
      .map(([intent, rows]) => ({ intent, requests: rows.length, breakdown: toBreakdown(rows) }))
      .toSorted(byRequests),
  };
}

function toBreakdown(rows: readonly CountedSelection[]): IntentAnalytics["intents"][number]["breakdown"] {
  return [...groupBy(rows, (row) => row.provider ?? NO_PROVIDER)]
    .flatMap(([provider, ofProvider]) =>
      [...groupBy(ofProvider, (row) => row.mode)].map(([mode, ofMode]) => ({
        provider,
        mode,
        requests: ofMode.length,
      })),
    )
    .toSorted(byRequests);
}

function toProviderFigures(
  provider: string,
  rows: readonly CountedSelection[],
  circuit: CircuitStatus | null,
): ProviderAnalytics["providers"][number] {
  const firstTokens = rows.flatMap((row) => row.firstTokenMs ?? []).toSorted((one, other) => one - other);
  return {
    provider,
    requests: rows.length,
    complete: count(rows, (row) => row.status === "complete"),
    // A cancelled answer is the reader's doing, not a failure.
    failed: count(rows, (row) => row.status === "failed" || row.status === "incomplete"),
    models: [...groupBy(rows, (row) => row.model ?? "unknown")]
      .map(([model, ofModel]) => ({ model, requests: ofModel.length }))
      .toSorted(byRequests),
    affinityRate: count(rows, (row) => row.affinity) / rows.length,
    firstTokenP50Ms: toPercentile(firstTokens, 0.5),
    firstTokenP95Ms: toPercentile(firstTokens, 0.95),
    inputTokens: sum(rows, (row) => row.inputTokens),
    outputTokens: sum(rows, (row) => row.outputTokens),
    ...toCosts(rows),
    circuit,
  };
}

function toCosts(
  rows: readonly CountedSelection[],
): Pick<ProviderAnalytics, "costMicroUsd" | "unpricedRequests"> {
  return {
    costMicroUsd: sum(rows, (row) => row.costMicroUsd),
    unpricedRequests: count(rows, (row) => row.costMicroUsd === null),
  };
}

/** The nearest-rank percentile of ascending numbers; null when there are none. */
function toPercentile(ascending: readonly number[], share: number): number | null {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? null;
}

function groupBy<Row>(rows: readonly Row[], toKey: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = toKey(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function byRequests(one: { requests: number }, other: { requests: number }): number {
  return other.requests - one.requests;
}

function count<Row>(rows: readonly Row[], matches: (row: Row) => boolean): number {
  return rows.reduce((total, row) => total + (matches(row) ? 1 : 0), 0);
}

function sum<Row>(rows: readonly Row[], toNumber: (row: Row) => number | null): number {
  return rows.reduce((total, row) => total + (toNumber(row) ?? 0), 0);
}
