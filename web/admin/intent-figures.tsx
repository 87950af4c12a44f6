/** What people asked for, and where it was sent. */
import type { IntentAnalytics } from "../../src/protocol/analytics.ts";
import { Button } from "../ui/button.tsx";
import { formatPlural } from "../ui/format.ts";
import { BarChart, BarLegend } from "./bar-chart.tsx";
import { saveCsv, toCsv } from "./csv.ts";

/** Told apart in both themes; a seventh provider shares the first one's colour and is told by its text. */
const LOOKS = ["bg-accent", "bg-warn", "bg-good", "bg-ink-faint", "bg-bad", "bg-line-strong"];

function download(data: IntentAnalytics): void {
  const rows = data.intents.flatMap(({ intent, breakdown }) =>
    breakdown.map((part) => [intent, part.provider, part.mode, part.requests]),
  );
  saveCsv("breakwater-intents.csv", toCsv(["intent", "provider", "mode", "requests"], rows));
}

/** Bars of requests by intent, divided by provider and mode. */
export function IntentFigures({ data }: { readonly data: IntentAnalytics }) {
  const providers = [
    ...new Set(data.intents.flatMap((row) => row.breakdown.map((part) => part.provider))),
  ].toSorted();
  const lookOf = (provider: string): string =>
    LOOKS[providers.indexOf(provider) % LOOKS.length] ?? "bg-accent";
  const bars = data.intents.map((row) => ({
    name: row.intent,
    text: formatPlural(row.requests, "request"),
    parts: row.breakdown
      .toSorted((a, b) => a.provider.localeCompare(b.provider))
      .map((part) => ({
        name: `${part.provider}, ${part.mode}`,
        value: part.requests,
        look: lookOf(part.provider),
      })),
  }));
  return (
    <section aria-label="By intent" className="card flex flex-col gap-4 p-4">
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-lg font-semibold tracking-tight">By intent</h2>
        <Button small onClick={() => download(data)}>
          Download CSV
        </Button>
      </div>
      <BarChart label="Requests by intent" bars={bars} />
      <BarLegend parts={providers.map((name) => ({ name, look: lookOf(name) }))} />
      <details className="text-sm">
        <summary className="text-ink-soft">Figures by provider and mode</summary>
        <ul className="mt-2 flex flex-col gap-1 text-ink-soft">
          {bars.map((bar) => (
            <li key={bar.name}>
              <span className="font-medium text-ink">{bar.name}:</span>{" "}
              {bar.parts.map((part) => `${part.name} ${part.value.toLocaleString("en-US")}`).join("; ")}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
