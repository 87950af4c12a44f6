/** What came back: status, time, headers, the body as it arrives; of a stream the words in it as well. */
import { CodeBlock } from "../chat/markdown/code-block.tsx";
import { formatDuration } from "../ui/format.ts";
import { StatusBadge } from "./answers-view.tsx";
import { readEventText } from "./event-text.ts";
import type { TryAnswer } from "./send-request.ts";
import type { TryState } from "./use-try.ts";

function toShownBody({ text, mediaType, isOver }: TryAnswer): {
  readonly code: string;
  readonly language: string;
} {
  if (!isOver || !mediaType.includes("json")) return { code: text, language: "" };
  try {
    return { code: JSON.stringify(JSON.parse(text), null, 2), language: "json" };
  } catch {
    return { code: text, language: "" };
  }
}

function Headers({ headers }: Pick<TryAnswer, "headers">) {
  return (
    <details>
      <summary className="text-[13px] text-ink-soft">{headers.length} headers</summary>
      <dl className="mt-2 grid grid-cols-[minmax(0,max-content)_minmax(0,1fr)] gap-x-3 gap-y-0.5 font-mono text-xs">
        {headers.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-faint wrap-anywhere">{name}</dt>
            <dd className="text-ink-soft wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Answered({ answer, broken }: { readonly answer: TryAnswer; readonly broken: string | null }) {
  const { code, language } = toShownBody(answer);
  const words = answer.mediaType === "text/event-stream" ? readEventText(answer.text) : "";
  return (
    <section aria-label="Answer" className="card flex flex-col gap-3 p-4">
      <p role="status" className="flex flex-wrap items-center gap-2 text-[13px] text-ink-soft">
        <StatusBadge status={String(answer.status)} />
        <span>{answer.statusText}</span>
        <span className="text-ink-faint">
          {answer.isOver
            ? `in ${formatDuration(answer.durationMs)}`
            : `first byte after ${formatDuration(answer.firstMs)}, more to come…`}
        </span>
      </p>
      <Headers headers={answer.headers} />
      {words !== "" && (
        <p className="rounded-xl bg-sunken px-4 py-3 text-sm whitespace-pre-wrap wrap-anywhere">{words}</p>
      )}
      {code !== "" && (
        <div className="prose text-sm [&_pre]:max-h-96 [&_pre]:overflow-auto">
          <CodeBlock code={code} language={language} isOpen={!answer.isOver} />
        </div>
      )}
      {code === "" && answer.isOver && <p className="text-[13px] text-ink-faint">No text in the body.</p>}
      {answer.isCut && (
        <p className="text-[13px] text-warn">Too long for this page: the rest was not read.</p>
      )}
      {broken !== null && <p className="text-[13px] text-warn">{broken}</p>}
    </section>
  );
}

export function TryAnswerView({ state }: { readonly state: TryState }) {
  switch (state.status) {
    case "idle":
      return null;
    case "waiting":
      return (
        <p role="status" className="card animate-pulse p-4 text-sm text-ink-soft">
          Sent. Waiting for the answer…
        </p>
      );
    case "stopped":
      return (
        <p role="status" className="card p-4 text-sm text-ink-soft">
          You stopped it before an answer came.
        </p>
      );
    case "failed":
      return (
        <p role="alert" className="card p-4 text-sm text-bad">
          {state.message}
        </p>
      );
    case "answered":
      return <Answered answer={state.answer} broken={state.broken} />;
  }
}
