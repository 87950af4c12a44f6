/** The buttons of a provider's circuit and the dialog behind them. */
import { useState } from "react";
import type { CircuitSnapshot } from "../../src/protocol/circuit.ts";
import { Button } from "../ui/button.tsx";
import { ACTIONS, CircuitActionDialog } from "./circuit-action-dialog.tsx";
import type { ActionWords } from "./circuit-action-dialog.tsx";

/** One for each action; that which would change nothing is disabled. */
export function CircuitActions({ snapshot }: { readonly snapshot: CircuitSnapshot }) {
  const [asked, setAsked] = useState<ActionWords | null>(null);
  return (
    <div className="flex flex-wrap gap-1.5">
      {ACTIONS.map((words) => (
        <Button
          key={words.action}
          small
          className="flex-1 px-1.5! max-sm:basis-[30%]"
          disabled={snapshot.mode === words.pointlessIn}
          title={words.effect}
          onClick={() => setAsked(words)}
        >
          {words.text}
        </Button>
      ))}
      {asked !== null && (
        <CircuitActionDialog
          words={asked}
          provider={snapshot.provider}
          model={null}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  );
}
