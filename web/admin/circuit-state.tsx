/** How a circuit's state and a selection's end look everywhere: a colour, a word and a sign, never a colour alone. */
import { CheckCircleIcon } from "@phosphor-icons/react/dist/csr/CheckCircle";
import { CircleHalfIcon } from "@phosphor-icons/react/dist/csr/CircleHalf";
import { EyeIcon } from "@phosphor-icons/react/dist/csr/Eye";
import { HandIcon } from "@phosphor-icons/react/dist/csr/Hand";
import { HourglassMediumIcon } from "@phosphor-icons/react/dist/csr/HourglassMedium";
import { ProhibitIcon } from "@phosphor-icons/react/dist/csr/Prohibit";
import { WarningIcon } from "@phosphor-icons/react/dist/csr/Warning";
import { XCircleIcon } from "@phosphor-icons/react/dist/csr/XCircle";
import type { CircuitMode, CircuitStatus } from "../../src/protocol/circuit.ts";
import { formatCountdown } from "../ui/format.ts";

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

/** A closed circuit's sign without the word, for lists in which nearly all are closed. */
export function ClosedMark() {
  return (
    <span
      role="img"
      aria-label="Closed"
      title="Closed"
      data-status="CLOSED"
      className="inline-flex text-good"
    >
      <CheckCircleIcon aria-hidden size={16} weight="fill" />
    </span>
  );
}

/** A failure was met; calls go elsewhere first until somebody knows more. */
export function SuspectChip({ detail = "" }: { readonly detail?: string }) {
  return (
    <span
      data-mark="suspect"
      title="It failed lately: other candidates go first until a call or a probe goes well"
      className={`${CHIP} bg-warn-soft text-warn`}
    >
      <EyeIcon aria-hidden size={14} weight="fill" />
      Suspect{detail === "" ? "" : `: ${detail}`}
    </span>
  );
}

/** The provider asked for a pause. In the colour of no state: it is well. */
export function CoolDownChip({ leftMs }: { readonly leftMs: number }) {
  return (
    <span
      data-mark="cool-down"
      title="The provider asked for a pause (429). That is a rate limit, not a failure"
      className={`${CHIP} bg-accent-soft text-accent-strong tabular-nums`}
    >
      <HourglassMediumIcon aria-hidden size={14} weight="fill" />
      Cooling down {formatCountdown(leftMs)}
    </span>
  );
}

/** The modes that a person chose, in words; `auto` needs none. */
const HELD: Readonly<
  Record<Exclude<CircuitMode, "auto">, { readonly text: string; readonly title: string }>
> = {
  "forced-open": { text: "Held open", title: "Nothing is sent until a person says otherwise" },
  "forced-closed": {
    text: "Held closed",
    title: "Calls go out whatever happens until a person says otherwise",
  },
  draining: { text: "Draining", title: "Only chats that are with this provider already still go to it" },
};

/** That a person holds the circuit; nothing when its own rules decide. */
export function ModeChip({ mode }: { readonly mode: CircuitMode }) {
  if (mode === "auto") return null;
  const { text, title } = HELD[mode];
  return (
    <span data-mark={mode} title={title} className={`${CHIP} bg-hover text-ink-soft`}>
      <HandIcon aria-hidden size={14} weight="fill" />
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
