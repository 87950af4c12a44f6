/** Horizontal bars with their figures as text: nothing is said by length or colour alone. */

export interface BarPart {
  readonly name: string;
  readonly value: number;
  /** A background class. */
  readonly look: string;
}
export interface Bar {
  readonly name: string;
  readonly parts: readonly BarPart[];
  /** What stands at the end of the bar. */
  readonly text: string;
}

const sumOf = (bar: Bar): number => bar.parts.reduce((sum, part) => sum + part.value, 0);

/** Bars on one scale, longest is full. */
export function BarChart({ label, bars }: { readonly label: string; readonly bars: readonly Bar[] }) {
  const longest = Math.max(1, ...bars.map(sumOf));
  return (
    <ul aria-label={label} className="flex flex-col gap-3">
      {bars.map((bar) => (
        <li key={bar.name}>
          <div className="mb-1 flex justify-between gap-3 text-sm">
            <span className="font-medium">{bar.name}</span>
            <span className="text-right text-ink-soft tabular-nums">{bar.text}</span>
          </div>
          <div aria-hidden className="flex h-3 gap-px overflow-hidden rounded-full bg-hover">
            {/* A part of nothing would still take the gap beside it. */}
            {bar.parts
              .filter(({ value }) => value > 0)
              .map((part) => (
                <div
                  key={part.name}
                  title={`${part.name}: ${part.value.toLocaleString("en-US")}`}
                  className={part.look}
                  style={{ width: `${(part.value / longest) * 100}%` }}
                />
              ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** What the colours of parts stand for. */
export function BarLegend({ parts }: { readonly parts: readonly Omit<BarPart, "value">[] }) {
  return (
    <ul aria-label="Legend" className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
      {parts.map(({ name, look }) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden className={`size-2.5 rounded-sm ${look}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}
