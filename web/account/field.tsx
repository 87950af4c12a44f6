/** A text field of a form with its label above and, if need be, a hint below. */

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly autoComplete: string;
  readonly hint?: string;
  readonly minLength?: number;
  readonly autoFocus?: boolean;
}

/** The field takes part in its form under `name`; it must be filled. */
export function Field({ label, hint, name, ...rest }: FieldProps) {
  const hintId = hint === undefined ? undefined : `${name}-hint`;
  return (
    <div>
      <label htmlFor={name} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input id={name} name={name} required className="field h-11" aria-describedby={hintId} {...rest} />
      {hint !== undefined && (
        <p id={hintId} className="mt-1 text-xs text-ink-faint">
          {hint}
        </p>
      )}
    </div>
  );
}
