/** A schema as a list of fields; what has fields of its own is opened on demand. */
import { OpeningRow } from "./opening-row.tsx";
import { listFields, toTypeWords, type Components, type SchemaField } from "./schema-field.ts";

/** Words of the document are plain but for what stands in backticks. */
export function PlainWords({ text }: { readonly text: string }) {
  return text.split(/`([^`]+)`/).map((piece, index) =>
    index % 2 === 1 ? (
      <code key={index} className="rounded bg-sunken px-1 font-mono text-[0.92em] text-ink">
        {piece}
      </code>
    ) : (
      piece
    ),
  );
}

/** What is sent must have some fields; what is answered has all but some. */
type FieldMark = "required" | "optional";

function Mark({ field, mark }: { readonly field: SchemaField; readonly mark: FieldMark }) {
  if (field.isRequired !== (mark === "required")) return null;
  return (
    <span className={`text-xs ${mark === "required" ? "font-medium text-warn" : "text-ink-faint"}`}>
      {mark}
    </span>
  );
}

function FieldWords({ field, mark }: { readonly field: SchemaField; readonly mark: FieldMark }) {
  return (
    <>
      <span className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
        <code className="font-mono text-[13px] font-medium text-ink wrap-anywhere">{field.name}</code>
        {field.type !== field.name && (
          <span className="font-mono text-xs text-ink-faint wrap-anywhere">{field.type}</span>
        )}
        {!field.isKind && <Mark field={field} mark={mark} />}
      </span>
      {(field.description !== "" || field.notes.length > 0) && (
        <span className="mt-0.5 block text-[13px] text-ink-soft wrap-anywhere">
          <PlainWords text={field.description} />
          {field.notes.length > 0 && (
            <span className="text-ink-faint">
              {field.description === "" ? "" : " "}
              {field.notes.join(", ")}
            </span>
          )}
        </span>
      )}
    </>
  );
}

function Field({ field, mark }: { readonly field: SchemaField; readonly mark: FieldMark }) {
  const { readChildren } = field;
  if (readChildren === null) {
    return (
      <li className="border-t border-line py-2 pl-6 first:border-t-0">
        <FieldWords field={field} mark={mark} />
      </li>
    );
  }
  return (
    <OpeningRow
      buttonClass="items-start gap-1.5 rounded-md py-2"
      caretClass="mt-1 ml-0.5"
      bodyClass="mb-2 ml-2 border-l-2 border-line pl-2 sm:ml-3 sm:pl-3"
      label={
        <span className="min-w-0 flex-1">
          <FieldWords field={field} mark={mark} />
        </span>
      }
      readBody={() => <FieldList fields={readChildren()} mark={mark} />}
    />
  );
}

function FieldList({ fields, mark }: { readonly fields: readonly SchemaField[]; readonly mark: FieldMark }) {
  return (
    <ul>
      {fields.map((field, index) => (
        <Field key={`${index} ${field.name}`} field={field} mark={mark} />
      ))}
    </ul>
  );
}

/** A schema's fields under its name; of one without fields its type alone. */
export function SchemaView({
  schema,
  components,
  mark = "required",
}: {
  readonly schema: unknown;
  readonly components: Components;
  readonly mark?: FieldMark;
}) {
  const fields = listFields(schema, components);
  return (
    <div>
      <p className="mb-1 font-mono text-xs text-ink-faint wrap-anywhere">{toTypeWords(schema)}</p>
      {fields.length > 0 && <FieldList fields={fields} mark={mark} />}
    </div>
  );
}
