/** Goes through the messages at one place: edited questions, other answers. */
import { CaretLeftIcon } from "@phosphor-icons/react/dist/csr/CaretLeft";
import { CaretRightIcon } from "@phosphor-icons/react/dist/csr/CaretRight";
import type { BranchPlace } from "../transcript/transcript-row.ts";

interface BranchSwitchProps {
  readonly place: BranchPlace;
  readonly what: "question" | "answer";
  /** Null while another branch cannot be shown. */
  readonly onSelect: ((messageId: string) => void) | null;
}

interface StepProps {
  readonly label: string;
  readonly onStep: (() => void) | null;
  readonly Icon: typeof CaretLeftIcon;
}

/** At an end it says that it does nothing and keeps the focus, which a disabled button would lose. */
function Step({ label, onStep, Icon }: StepProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      aria-disabled={onStep === null}
      onClick={() => onStep?.()}
      className="flex size-8 items-center justify-center rounded-lg text-ink-soft hover:bg-hover hover:text-ink aria-disabled:cursor-not-allowed aria-disabled:opacity-40"
    >
      <Icon aria-hidden size={14} />
    </button>
  );
}

/** `‹ 2/3 ›` */
export function BranchSwitch({ place, what, onSelect }: BranchSwitchProps) {
  const { ids, index } = place;
  const toStep = (to: string | undefined) =>
    onSelect === null || to === undefined ? null : () => onSelect(to);
  return (
    <div
      role="group"
      aria-label={`Versions of this ${what}`}
      className="flex shrink-0 items-center text-xs text-ink-soft"
    >
      <Step label="Previous version" onStep={toStep(ids[index - 1])} Icon={CaretLeftIcon} />
      <span aria-live="polite" className="tabular-nums">
        <span className="sr-only">Version </span>
        {index + 1}/{ids.length}
      </span>
      <Step label="Next version" onStep={toStep(ids[index + 1])} Icon={CaretRightIcon} />
    </div>
  );
}
