/** What a person can do to a circuit: each asks for a reason, which is kept with the transition. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CircuitAction, CircuitMode, CircuitSnapshot } from "../../src/protocol/circuit.ts";
import { changeCircuit, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useToaster } from "../ui/toast.tsx";

/** Bounds of the wire: `CircuitActionBody` in src/protocol/circuit.ts. */
const MIN_REASON_CHARACTERS = 3;
const MAX_REASON_CHARACTERS = 500;

interface ActionWords {
  readonly action: CircuitAction;
  readonly text: string;
  readonly done: string;
  readonly effect: string;
  /** The mode in which it would change nothing. */
  readonly pointlessIn: CircuitMode | null;
}

const ACTIONS: readonly ActionWords[] = [
  {
    action: "open",
    text: "Open",
    done: "opened",
    effect: "Nothing is sent to the provider until it is closed or automatic again.",
    pointlessIn: "forced-open",
  },
  {
    action: "close",
    text: "Close",
    done: "closed",
    effect: "Requests go to the provider whatever happens, until it is automatic again.",
    pointlessIn: "forced-closed",
  },
  {
    action: "reset",
    text: "Reset",
    done: "reset",
    effect: "Failures are forgotten and the circuit closes; its own rules go on.",
    pointlessIn: null,
  },
  {
    action: "auto",
    text: "Automatic",
    done: "automatic again",
    effect: "The circuit's own rules decide again.",
    pointlessIn: "auto",
  },
];

function ReasonDialog({
  words,
  provider,
  onClose,
}: {
  readonly words: ActionWords;
  readonly provider: string;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const { say } = useToaster();
  const change = useMutation({
    mutationFn: () => changeCircuit(provider, words.action, reason.trim()),
    onSuccess: () => {
      say(`The circuit of ${provider} is ${words.done}.`);
      onClose();
      return client.invalidateQueries({ queryKey: ["circuits"] });
    },
  });
  const isTooShort = reason.trim().length < MIN_REASON_CHARACTERS;
  return (
    <Dialog title={`${words.text}: ${provider}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isTooShort) change.mutate();
        }}
      >
        <p className="text-sm text-ink-soft">{words.effect}</p>
        <label htmlFor="circuit-reason" className="mt-4 mb-1 block text-sm font-medium">
          Reason
        </label>
        <input
          id="circuit-reason"
          value={reason}
          maxLength={MAX_REASON_CHARACTERS}
          onChange={(event) => setReason(event.target.value)}
          placeholder="Kept in the timeline beside your name"
          autoComplete="off"
          autoFocus
          className="field"
        />
        {change.error !== null && (
          <p role="alert" className="mt-2 text-sm text-bad">
            {toErrorText(change.error)}
          </p>
        )}
        <div className="mt-6 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={isTooShort || change.isPending}>
            {words.text}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Four buttons and the dialog behind them. */
export function CircuitActions({ snapshot }: { readonly snapshot: CircuitSnapshot }) {
  const [asked, setAsked] = useState<ActionWords | null>(null);
  return (
    <div className="grid grid-cols-4 gap-1.5">
      {ACTIONS.map((words) => (
        <Button
          key={words.action}
          small
          className="px-1!"
          disabled={snapshot.mode === words.pointlessIn}
          title={words.effect}
          onClick={() => setAsked(words)}
        >
          {words.text}
        </Button>
      ))}
      {asked !== null && (
        <ReasonDialog words={asked} provider={snapshot.provider} onClose={() => setAsked(null)} />
      )}
    </div>
  );
}
