/** Why a person changes something about a circuit: kept beside their name. */
import { useId } from "react";

/** Bounds of the wire: `CircuitActionBody` and `CircuitPolicyBody` in src/protocol/circuit.ts. */
const MIN_REASON_CHARACTERS = 3;
const MAX_REASON_CHARACTERS = 500;

/** Whether the server will take it. */
export function isReason(text: string): boolean {
  return text.trim().length >= MIN_REASON_CHARACTERS;
}

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly autoFocus?: boolean;
}

/** The labelled field. */
export function ReasonField({ value, onChange, autoFocus = false }: ReasonFieldProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className="mt-4 mb-1 block text-sm font-medium">
        Reason
      </label>
      <input
        id={id}
        value={value}
        maxLength={MAX_REASON_CHARACTERS}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Kept beside your name"
        autoComplete="off"
        autoFocus={autoFocus}
        className="field"
      />
    </>
  );
}
