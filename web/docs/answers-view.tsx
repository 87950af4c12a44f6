/** What an operation answers, a line for each status; opened: headers, shape, an example. */
import { CodeBlock } from "../chat/markdown/code-block.tsx";
import { formatPlural } from "../ui/format.ts";
import type { ApiAnswer, Media } from "./api-document.ts";
import { OpeningRow } from "./opening-row.tsx";
import type { Components } from "./schema-field.ts";
import { PlainWords, SchemaView } from "./schema-view.tsx";

/** Green for what went well, amber for what the caller can mend, red for the rest. */
function toTone(status: string): string {
  if (status.startsWith("5")) return "bg-bad-soft text-bad";
  return status.startsWith("4") ? "bg-warn-soft text-warn" : "bg-good-soft text-good";
}

export function StatusBadge({ status }: { readonly status: string }) {
  return (
    <span className={`shrink-0 rounded-md px-1.5 py-0.5 font-mono text-xs font-semibold ${toTone(status)}`}>
      {status}
    </span>
  );
}

/** The first example of a media type, or undefined. */
function readExample({ examples, example }: Media): unknown {
  return example ?? Object.values(examples ?? {})[0]?.value;
}

function MediaView({
  type,
  media,
  components,
}: {
  readonly type: string;
  readonly media: Media;
  readonly components: Components;
}) {
  const example = readExample(media);
  return (
    <div className="flex flex-col gap-3">
      <div>
        <p className="text-xs font-medium text-ink-soft">
          {type}
          {type === "text/event-stream" && " — the data of each event:"}
        </p>
        <SchemaView schema={media.schema} components={components} mark="optional" />
      </div>
      {example !== undefined && (
        <div className="prose text-sm">
          <CodeBlock code={JSON.stringify(example, null, 2)} language="json" isOpen={false} />
        </div>
      )}
    </div>
  );
}

function HeaderList({ headers }: Pick<ApiAnswer, "headers">) {
  if (headers.length === 0) return null;
  return (
    <details>
      <summary className="text-[13px] text-ink-soft">{formatPlural(headers.length, "header")}</summary>
      <dl className="mt-2 grid gap-x-4 gap-y-1 text-[13px] sm:grid-cols-[max-content_minmax(0,1fr)]">
        {headers.map(({ name, description }) => (
          <div key={name} className="contents">
            <dt className="font-mono text-xs leading-5 text-ink">{name}</dt>
            <dd className="mb-1 text-ink-soft sm:mb-0">
              <PlainWords text={description} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function AnswerRow({
  answer,
  components,
  startsOpen,
}: {
  readonly answer: ApiAnswer;
  readonly components: Components;
  readonly startsOpen: boolean;
}) {
  return (
    <OpeningRow
      startsOpen={startsOpen}
      buttonClass="items-center gap-2.5 px-4 py-2.5"
      bodyClass="flex flex-col gap-4 px-4 pt-1 pb-4"
      label={
        <>
          <StatusBadge status={answer.status} />
          <span className="min-w-0 text-[13px] text-ink-soft">
            <PlainWords text={answer.description} />
          </span>
        </>
      }
      readBody={() => (
        <>
          {Object.entries(answer.content).map(([type, media]) => (
            <MediaView key={type} type={type} media={media} components={components} />
          ))}
          <HeaderList headers={answer.headers} />
        </>
      )}
    />
  );
}

/** The first one is open: it is what most come for. */
export function AnswersView({
  answers,
  components,
}: {
  readonly answers: readonly ApiAnswer[];
  readonly components: Components;
}) {
  return (
    <ul className="card overflow-hidden">
      {answers.map((answer, index) => (
        <AnswerRow key={answer.status} answer={answer} components={components} startsOpen={index === 0} />
      ))}
    </ul>
  );
}
