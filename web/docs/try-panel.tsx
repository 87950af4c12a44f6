/** Fill in, send, see what comes back. Rules WB75 to WB78. */
import { useState, type ReactNode } from "react";
import { CodeBlock } from "../chat/markdown/code-block.tsx";
import { Button } from "../ui/button.tsx";
import type { ApiOperation, Parameter } from "./api-document.ts";
import { listChoices, readHint, type Components } from "./schema-field.ts";
import { TryAnswerView } from "./try-answer-view.tsx";
import { hasCommand, toCurl, toFieldName, toObstacle, toTryRequest, type TryInput } from "./try-request.ts";
import { useTry } from "./use-try.ts";

interface TryPanelProps {
  readonly operation: ApiOperation;
  readonly components: Components;
  readonly apiKey: string;
  readonly keyField: ReactNode;
}

interface BodyExample {
  readonly name: string;
  readonly summary: string;
  readonly text: string;
}

function listBodyExamples({ body }: ApiOperation): readonly BodyExample[] {
  const { examples = {} } = body?.content["application/json"] ?? {};
  return Object.entries(examples).map(([name, { summary, value }]) => ({
    name,
    summary: summary ?? name,
    text: JSON.stringify(value, null, 2),
  }));
}

interface ParameterFieldProps {
  readonly parameter: Parameter;
  readonly components: Components;
  readonly value: string;
  readonly isWrong: boolean;
  readonly onChange: (value: string) => void;
}

function ParameterField({ parameter, components, value, isWrong, onChange }: ParameterFieldProps) {
  const id = `try-${toFieldName(parameter)}`;
  const choices = listChoices(parameter.schema, components);
  const shared = {
    id,
    value,
    "aria-invalid": isWrong,
    className: "field py-1.5! font-mono text-[13px]! aria-invalid:border-bad",
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-mono text-xs text-ink-soft">
        {parameter.name}
        {parameter.required === true && <span className="font-sans text-warn"> required</span>}
      </label>
      {choices.length > 0 ? (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          <option value="">–</option>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          autoComplete="off"
          spellCheck={false}
          placeholder={readHint(parameter.schema)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}

interface BodyFieldProps {
  readonly examples: readonly BodyExample[];
  readonly value: string;
  readonly isWrong: boolean;
  readonly onChange: (value: string) => void;
}

function BodyField({ examples, value, isWrong, onChange }: BodyFieldProps) {
  return (
    <div>
      <div className="mb-1 flex flex-wrap items-center justify-between gap-2">
        <label htmlFor="try-body" className="text-[13px] font-medium">
          Body
        </label>
        {examples.length > 1 && (
          <select
            aria-label="Example body"
            defaultValue={examples[0]?.name}
            onChange={(event) => {
              const chosen = examples.find(({ name }) => name === event.target.value);
              if (chosen !== undefined) onChange(chosen.text);
            }}
            className="field w-auto! max-w-full py-1! text-[13px]!"
          >
            {examples.map(({ name, summary }) => (
              <option key={name} value={name}>
                {summary}
              </option>
            ))}
          </select>
        )}
      </div>
      <textarea
        id="try-body"
        value={value}
        rows={Math.min(16, Math.max(4, value.split("\n").length))}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={isWrong}
        onChange={(event) => onChange(event.target.value)}
        className="field block resize-y font-mono text-[13px]! leading-relaxed aria-invalid:border-bad"
      />
    </div>
  );
}

/** Parameters of headers are rarely needed: they are behind a line. */
function ParameterFields({
  parameters,
  render,
}: {
  readonly parameters: readonly Parameter[];
  readonly render: (parameter: Parameter) => ReactNode;
}) {
  const headers = parameters.filter((parameter) => parameter.in === "header");
  return (
    <>
      {parameters.filter((parameter) => parameter.in !== "header").map(render)}
      {headers.length > 0 && (
        <details>
          <summary className="text-[13px] text-ink-soft">Headers</summary>
          <div className="mt-2 flex flex-col gap-3">{headers.map(render)}</div>
        </details>
      )}
    </>
  );
}

/** The panel; what cannot be tried here says why, and still shows the command. */
export function TryPanel({ operation, components, apiKey, keyField }: TryPanelProps) {
  const examples = listBodyExamples(operation);
  const [values, setValues] = useState<TryInput["values"]>({});
  const [body, setBody] = useState(examples[0]?.text ?? "");
  const [complaint, setComplaint] = useState<{ field: string | null; message: string } | null>(null);
  const { state, send, stop } = useTry();
  const obstacle = toObstacle(operation);
  const hasJson = operation.body !== null && "application/json" in operation.body.content;
  const input: TryInput = {
    values,
    body: hasJson ? body : null,
    mediaType: hasJson ? "application/json" : null,
    key: apiKey,
  };
  const isBusy = state.status === "waiting" || (state.status === "answered" && !state.answer.isOver);
  const submit = (): void => {
    const outcome = toTryRequest(operation, input);
    setComplaint(outcome.ok ? null : outcome);
    if (outcome.ok) send(outcome.request);
  };
  return (
    <aside
      id="try-it"
      aria-label="Try it"
      className="min-w-0 scroll-mt-20 xl:sticky xl:top-20 xl:max-h-[calc(100dvh-6rem)] xl:self-start xl:overflow-y-auto"
    >
      <div className="flex flex-col gap-4">
        <form
          aria-label="Try it"
          className="card flex flex-col gap-4 p-4"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <h2 className="text-base font-semibold tracking-tight">Try it</h2>
          {obstacle === null ? (
            <>
              {operation.access !== "public" && keyField}
              <ParameterFields
                parameters={operation.parameters}
                render={(parameter) => {
                  const name = toFieldName(parameter);
                  return (
                    <ParameterField
                      key={name}
                      parameter={parameter}
                      components={components}
                      value={values[name] ?? ""}
                      isWrong={complaint?.field === name}
                      onChange={(value) => setValues((was) => ({ ...was, [name]: value }))}
                    />
                  );
                }}
              />
              {hasJson && (
                <BodyField
                  examples={examples}
                  value={body}
                  isWrong={complaint?.field === "body"}
                  onChange={setBody}
                />
              )}
              {complaint !== null && (
                <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad wrap-anywhere">
                  {complaint.message}
                </p>
              )}
              <div className="flex items-center gap-2">
                <Button type="submit" look="primary" disabled={isBusy}>
                  Send
                </Button>
                {isBusy && <Button onClick={stop}>Stop</Button>}
              </div>
            </>
          ) : (
            <p className="text-sm text-ink-soft">{obstacle}</p>
          )}
        </form>
        <TryAnswerView state={state} />
        {hasCommand(operation) && (
          <div className="prose text-sm">
            <CodeBlock code={toCurl(operation, input, location.origin)} language="bash" isOpen={false} />
          </div>
        )}
      </div>
    </aside>
  );
}
