/** One operation: what it does, who may, what it takes, what it answers; and beside that the way to try it. */
import type { ReactNode } from "react";
import { Markdown } from "../chat/markdown/markdown.tsx";
import { AnswersView } from "./answers-view.tsx";
import type { ApiOperation, Parameter } from "./api-document.ts";
import { MethodBadge } from "./method-badge.tsx";
import { toTypeWords, type Components } from "./schema-field.ts";
import { PlainWords, SchemaView } from "./schema-view.tsx";
import { TryPanel } from "./try-panel.tsx";

const ACCESS: Readonly<Record<ApiOperation["access"], string>> = {
  public: "Anybody",
  person: "Whoever is signed in; no API keys",
  "anyone-known": "An API key, or whoever is signed in",
  admin: "Admins who are signed in; no API keys",
  "known-or-ticket": "An API key, whoever is signed in, or whoever has a ticket",
};

interface Place {
  readonly place: Parameter["in"];
  readonly title: string;
}
const BEFORE_BODY: readonly Place[] = [
  { place: "path", title: "In the address" },
  { place: "query", title: "In the query" },
];
/** Rarely needed. */
const BEHIND_BODY: readonly Place[] = [{ place: "header", title: "In headers" }];

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title} className="mt-7">
      <h2 className="mb-2 text-base font-semibold tracking-tight">{title}</h2>
      {children}
    </section>
  );
}

function ParameterList({ parameters }: { readonly parameters: readonly Parameter[] }) {
  return (
    <ul className="card px-4 py-1">
      {parameters.map(({ name, required, description, schema }) => (
        <li key={name} className="border-t border-line py-2.5 first:border-t-0">
          <span className="flex flex-wrap items-baseline gap-x-2">
            <code className="font-mono text-[13px] font-medium wrap-anywhere">{name}</code>
            <span className="font-mono text-xs text-ink-faint wrap-anywhere">{toTypeWords(schema)}</span>
            {required === true && <span className="text-xs font-medium text-warn">required</span>}
          </span>
          {description !== undefined && (
            <span className="mt-0.5 block text-[13px] text-ink-soft">
              <PlainWords text={description} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function ParameterSections({
  parameters,
  places,
}: {
  readonly parameters: readonly Parameter[];
  readonly places: readonly Place[];
}) {
  return places.map(({ place, title }) => {
    const members = parameters.filter((parameter) => parameter.in === place);
    return members.length === 0 ? null : (
      <Section key={place} title={title}>
        <ParameterList parameters={members} />
      </Section>
    );
  });
}

interface OperationViewProps {
  readonly operation: ApiOperation;
  readonly components: Components;
  readonly apiKey: string;
  readonly keyField: ReactNode;
}

function Frames({
  frames,
  components,
}: {
  readonly frames: NonNullable<ApiOperation["frames"]>;
  readonly components: Components;
}) {
  return (
    <>
      {frames.client !== null && (
        <Section title="Frames you send">
          <div className="card px-4 py-3">
            <SchemaView schema={frames.client} components={components} />
          </div>
        </Section>
      )}
      <Section title="Frames you get">
        <div className="card px-4 py-3">
          <SchemaView schema={frames.server} components={components} mark="optional" />
        </div>
      </Section>
    </>
  );
}

/** The middle of the page and the panel beside it; below each other in a narrow window. */
export function OperationView({ operation, components, apiKey, keyField }: OperationViewProps) {
  const { method, path, summary, description, parameters, body } = operation;
  return (
    <div className="grid gap-8 xl:grid-cols-[minmax(0,1fr)_minmax(0,30rem)]">
      <article aria-label={summary} className="min-w-0">
        <p className="eyebrow mb-1">{operation.tag}</p>
        <h1 className="text-2xl font-semibold tracking-tight">{summary}</h1>
        <p className="mt-3 flex items-center gap-2.5">
          <MethodBadge method={method} />
          <code className="font-mono text-sm wrap-anywhere">{path}</code>
        </p>
        <p className="mt-2 flex flex-wrap items-center gap-x-3 text-[13px] text-ink-faint">
          {ACCESS[operation.access]}
          <a href="#try-it" className="font-medium text-accent underline underline-offset-2 xl:hidden">
            Try it
          </a>
        </p>
        {description !== "" && (
          <div className="mt-4 max-w-2xl">
            <Markdown text={description} isStreaming={false} />
          </div>
        )}
        <ParameterSections parameters={parameters} places={BEFORE_BODY} />
        {body !== null && (
          <Section title="Body">
            {body.description !== undefined && (
              <p className="mb-2 text-[13px] text-ink-soft">{body.description}</p>
            )}
            <div className="card flex flex-col gap-3 px-4 py-3">
              {Object.entries(body.content).map(([type, { schema }]) => (
                <div key={type}>
                  <p className="text-xs font-medium text-ink-soft">{type}</p>
                  <SchemaView schema={schema} components={components} />
                </div>
              ))}
            </div>
          </Section>
        )}
        <ParameterSections parameters={parameters} places={BEHIND_BODY} />
        {operation.frames !== null && <Frames frames={operation.frames} components={components} />}
        <Section title="Answers">
          <AnswersView answers={operation.answers} components={components} />
        </Section>
      </article>
      <TryPanel operation={operation} components={components} apiKey={apiKey} keyField={keyField} />
    </div>
  );
}
