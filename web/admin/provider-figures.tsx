/** Requests, tokens, cost and timings by provider. */
import type { ProviderAnalytics } from "../../src/protocol/analytics.ts";
import { Button } from "../ui/button.tsx";
import { formatCount, formatDuration, formatMicroUsd, formatPlural, formatShare } from "../ui/format.ts";
import { BarChart, BarLegend } from "./bar-chart.tsx";
import { CircuitChip } from "./circuit-state.tsx";
import { saveCsv, toCsv } from "./csv.ts";

type ProviderRow = ProviderAnalytics["providers"][number];

const PARTS = [
  { name: "complete", look: "bg-accent" },
  { name: "failed", look: "bg-bad" },
  { name: "incomplete or cancelled", look: "bg-line-strong" },
] as const;
const COLUMNS = [
  "provider",
  "requests",
  "complete",
  "failed",
  "affinity_rate",
  "first_token_p50_ms",
  "first_token_p95_ms",
  "input_tokens",
  "output_tokens",
  "cost_micro_usd",
  "unpriced_requests",
  "circuit",
];

function download(data: ProviderAnalytics): void {
  const rows = data.providers.map((row) => [
    row.provider,
    row.requests,
    row.complete,
    row.failed,
    row.affinityRate,
    row.firstTokenP50Ms,
    row.firstTokenP95Ms,
    row.inputTokens,
    row.outputTokens,
    row.costMicroUsd,
    row.unpricedRequests,
    row.circuit,
  ]);
  saveCsv("breakwater-providers.csv", toCsv(COLUMNS, rows));
}

function toBar(row: ProviderRow) {
  const values = [row.complete, row.failed, Math.max(0, row.requests - row.complete - row.failed)];
  const text = `${formatPlural(row.requests, "request")} · ${formatShare(row.requests === 0 ? 0 : row.complete / row.requests)} complete`;
  return {
    name: row.provider,
    text,
    parts: PARTS.map((part, index) => ({ ...part, value: values[index] ?? 0 })),
  };
}

function Row({ row }: { readonly row: ProviderRow }) {
  const unpriced = row.unpricedRequests > 0 ? ` + ${row.unpricedRequests} unpriced` : "";
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-2 text-left font-medium">
        {row.provider}
        <span
          className="block max-w-56 truncate text-xs font-normal text-ink-faint"
          title={row.models.map(({ model, requests }) => `${model}: ${requests}`).join(", ")}
        >
          {row.models.map(({ model }) => model).join(", ")}
        </span>
      </th>
      <td className="px-3 py-2">{row.circuit === null ? "–" : <CircuitChip status={row.circuit} />}</td>
      <td className="px-3 py-2 text-right">{formatDuration(row.firstTokenP50Ms)}</td>
      <td className="px-3 py-2 text-right">{formatDuration(row.firstTokenP95Ms)}</td>
      <td className="px-3 py-2 text-right">{formatShare(row.affinityRate)}</td>
      <td className="px-3 py-2 text-right">{formatCount(row.inputTokens)}</td>
      <td className="px-3 py-2 text-right">{formatCount(row.outputTokens)}</td>
      <td className="px-3 py-2 text-right">
        {formatMicroUsd(row.costMicroUsd)}
        {unpriced}
      </td>
    </tr>
  );
}

const HEADS = ["Circuit", "First token p50", "p95", "Affinity", "Tokens in", "Tokens out", "Cost"];

/** Bars of requests, and a table with every figure. */
export function ProviderFigures({ data }: { readonly data: ProviderAnalytics }) {
  return (
    <section aria-label="By provider" className="card">
      <div className="flex items-center justify-between gap-3 p-4 pb-0">
        <h2 className="text-lg font-semibold tracking-tight">By provider</h2>
        <Button small onClick={() => download(data)}>
          Download CSV
        </Button>
      </div>
      <div className="flex flex-col gap-4 p-4">
        <BarChart label="Requests by provider" bars={data.providers.map(toBar)} />
        <BarLegend parts={PARTS} />
      </div>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Figures by provider">
        <table className="w-full text-sm whitespace-nowrap tabular-nums [&_:is(th,td):first-child]:pl-4 [&_:is(th,td):last-child]:pr-4">
          <thead className="text-xs text-ink-faint">
            <tr>
              <th className="px-3 py-2 text-left font-medium">Provider</th>
              {HEADS.map((head, index) => (
                <th
                  key={head}
                  className={`px-3 py-2 font-medium ${index === 0 ? "text-left" : "text-right"}`}
                >
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.providers.map((row) => (
              <Row key={row.provider} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
