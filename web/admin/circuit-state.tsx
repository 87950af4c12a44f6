/** How a circuit's state and a selection's end look everywhere: a colour, a word and a sign, never a colour alone. */
import { CheckCircleIcon } from "@phosphor-icons/react/dist/csr/CheckCircle";
import { CircleHalfIcon } from "@phosphor-icons/react/dist/csr/CircleHalf";
import { ProhibitIcon } from "@phosphor-icons/react/dist/csr/Prohibit";
import { WarningIcon } from "@phosphor-icons/react/dist/csr/Warning";
import { XCircleIcon } from "@phosphor-icons/react/dist/csr/XCircle";
import type { CircuitStatus } from "../../src/protocol/circuit.ts";

const CHIP = "inline-flex h-6 items-center gap-1 rounded-full px-2 text-xs font-semibold whitespace-nowrap";

const CIRCUIT = {
  CLOSED: { text: "Closed", look: "bg-good-soft text-good", Icon: CheckCircleIcon },
  OPEN: { text: "Open", look: "bg-bad-soft text-bad", Icon: XCircleIcon },
  HALF_OPEN: { text: "Half-open", look: "bg-warn-soft text-warn", Icon: CircleHalfIcon },
} as const;

/** A circuit's state as a chip. */
export function CircuitChip({ status }: { readonly status: CircuitStatus }) {
  const { text, look, Icon } = CIRCUIT[status];
  return (
    <span data-status={status} className={`${CHIP} ${look}`}>
      <Icon aria-hidden size={14} weight="fill" />
      {text}
    </span>
  );
}

const END = new Map([
  ["complete", { look: "bg-good-soft text-good", Icon: CheckCircleIcon }],
  ["incomplete", { look: "bg-warn-soft text-warn", Icon: WarningIcon }],
  ["failed", { look: "bg-bad-soft text-bad", Icon: XCircleIcon }],
  ["cancelled", { look: "bg-hover text-ink-soft", Icon: ProhibitIcon }],
]);

/** How an answer ended, as a chip. */
export function EndChip({ status }: { readonly status: string }) {
  const known = END.get(status);
  const Icon = known?.Icon ?? WarningIcon;
  return (
    <span data-status={status} className={`${CHIP} ${known?.look ?? "bg-hover text-ink-soft"}`}>
      <Icon aria-hidden size={14} weight="fill" />
      {status}
    </span>
  );
}
