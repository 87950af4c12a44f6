/** The circuits of a provider's models on its card: state, figures, and a small menu for each. */
import { useState } from "react";
import { DotsThreeIcon } from "@phosphor-icons/react/dist/csr/DotsThree";
import type { ModelCircuit } from "../../src/protocol/circuit.ts";
import { formatPlural } from "../ui/format.ts";
import { Popover } from "../ui/popover.tsx";
import { ACTIONS, CircuitActionDialog } from "./circuit-action-dialog.tsx";
import type { ActionWords } from "./circuit-action-dialog.tsx";
import { CircuitChip, ClosedMark, CoolDownChip, ModeChip, SuspectChip } from "./circuit-state.tsx";
import { toCoolDownMs, toWaitText } from "./circuit-wait.ts";
import { toModelRows, toUsualText } from "./model-row.ts";

/** Draining is for whole providers: a chat is with a provider, not with a model. */
const MODEL_ACTIONS = ACTIONS.filter(({ action }) => action !== "drain");

function ModelMenu({ provider, circuit }: { readonly provider: string; readonly circuit: ModelCircuit }) {
  const [asked, setAsked] = useState<ActionWords | null>(null);
  const { mode = "auto" } = circuit;
  return (
    <>
      <Popover
        label={`Change ${circuit.model}`}
        buttonClass="flex size-8 items-center justify-center rounded-lg text-ink-soft hover:bg-hover hover:text-ink"
        button={<DotsThreeIcon aria-hidden size={20} weight="bold" />}
        panelClass="top-full right-0 mt-1 flex w-40 flex-col p-1"
        closesOnChoice
      >
        {MODEL_ACTIONS.map((words) => (
          <button
            key={words.action}
            type="button"
            disabled={mode === words.pointlessIn}
            title={words.effect}
            onClick={() => setAsked(words)}
            className="rounded-lg px-3 py-2 text-left text-sm hover:bg-hover disabled:text-ink-faint disabled:hover:bg-transparent"
          >
            {words.text}
          </button>
        ))}
      </Popover>
      {asked !== null && (
        <CircuitActionDialog
          words={asked}
          provider={provider}
          model={circuit.model}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

interface ModelRowProps {
  readonly provider: string;
  readonly circuit: ModelCircuit;
  readonly nowMs: number;
}

function ModelRow({ provider, circuit, nowMs }: ModelRowProps) {
  const { model, status, suspect, reason, failureCount, usual, mode = "auto" } = circuit;
  const coolDownMs = toCoolDownMs(circuit, nowMs);
  const wait = toWaitText({ ...circuit, mode }, null, nowMs);
  // A reason that counts the failures need not be told the count.
  const failures =
    failureCount > 0 && !reason.includes("in a row") ? formatPlural(failureCount, "failure") : "";
  const isWell = status === "CLOSED" && !suspect && mode === "auto" && failureCount === 0;
  return (
    <li className="flex items-start gap-2 border-t border-line py-1.5 first:border-t-0" data-model={model}>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 leading-6">
          {status === "CLOSED" ? <ClosedMark /> : <CircuitChip status={status} />}
          <span className="min-w-0 truncate text-sm font-medium" title={model}>
            {model}
          </span>
          {suspect && status === "CLOSED" && <SuspectChip />}
          {coolDownMs !== null && <CoolDownChip leftMs={coolDownMs} />}
          <ModeChip mode={mode} />
        </p>
        <p className="text-xs text-ink-faint tabular-nums">{toUsualText(usual)}</p>
        {!isWell && (
          <p className="mt-0.5 text-xs wrap-anywhere text-ink-soft">
            {[reason, failures, wait].filter((part) => part !== "").join(" · ")}
          </p>
        )}
      </div>
      <ModelMenu provider={provider} circuit={circuit} />
    </li>
  );
}

interface ModelCircuitsProps {
  readonly provider: string;
  readonly models: readonly ModelCircuit[];
  readonly nowMs: number;
}

/** Those in trouble first; healthy ones beyond the first few behind a button. Nothing before a model was heard of. */
export function ModelCircuits({ provider, models, nowMs }: ModelCircuitsProps) {
  const [showsAll, setShowsAll] = useState(false);
  if (models.length === 0) return null;
  const { first, more } = toModelRows(models, nowMs);
  return (
    <div>
      <h3 className="eyebrow mb-1">Models</h3>
      <ul>
        {(showsAll ? [...first, ...more] : first).map((circuit) => (
          <ModelRow key={circuit.model} provider={provider} circuit={circuit} nowMs={nowMs} />
        ))}
      </ul>
      {more.length > 0 && (
        <button
          type="button"
          onClick={() => setShowsAll((was) => !was)}
          className="mt-1 text-xs font-medium text-accent underline underline-offset-2"
        >
          {showsAll ? "Show fewer" : `Show ${more.length} more`}
        </button>
      )}
    </div>
  );
}
