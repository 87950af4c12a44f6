/** What a person can do to a circuit, and the dialog that asks why: the reason is kept with the transition. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CircuitAction, CircuitMode } from "../../src/protocol/circuit.ts";
import { changeCircuit, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useToaster } from "../ui/toast.tsx";
import { isReason, ReasonField } from "./reason-field.tsx";

export interface ActionWords {
  readonly action: CircuitAction;
  readonly text: string;
  readonly done: string;
  readonly effect: string;
  /** The mode in which it would change nothing. */
  readonly pointlessIn: CircuitMode | null;
}

/** For a provider; a model has all but the last. */
export const ACTIONS: readonly ActionWords[] = [
  {
    action: "open",
    text: "Open",
    done: "opened",
    effect: "Nothing is sent to it until it is closed or automatic again.",
    pointlessIn: "forced-open",
  },
  {
    action: "close",
    text: "Close",
    done: "closed",
    effect: "Requests go to it whatever happens, until it is automatic again.",
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
    effect: "The circuit's own rules decide again. An open circuit is probed first.",
    pointlessIn: "auto",
  },
  {
    action: "drain",
    text: "Drain",
    done: "draining",
    effect: "Chats that are with it stay, new ones go elsewhere; its own rules go on.",
    pointlessIn: "draining",
  },
];

interface CircuitActionDialogProps {
  readonly words: ActionWords;
  readonly provider: string;
  /** Null: the provider's own circuit. */
  readonly model: string | null;
  readonly onClose: () => void;
}

/** Asks for the reason and does it. */
export function CircuitActionDialog({ words, provider, model, onClose }: CircuitActionDialogProps) {
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const { say } = useToaster();
  const subject = model === null ? provider : `${provider}/${model}`;
  const change = useMutation({
    mutationFn: () => changeCircuit(provider, model, words.action, reason.trim()),
    onSuccess: () => {
      say(`The circuit of ${subject} is ${words.done}.`);
      onClose();
      return client.invalidateQueries({ queryKey: ["circuits"] });
    },
  });
  return (
    <Dialog title={`${words.text}: ${subject}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReason(reason)) change.mutate();
        }}
      >
        <p className="text-sm text-ink-soft">{words.effect}</p>
        <ReasonField value={reason} onChange={setReason} autoFocus />
        {change.error !== null && (
          <p role="alert" className="mt-2 text-sm text-bad">
            {toErrorText(change.error)}
          </p>
        )}
        <div className="mt-6 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!isReason(reason) || change.isPending}>
            {words.text}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
