/** Says plainly that an answer did not end well, or that a question was not taken, and what can be done. */
import { ArrowClockwiseIcon } from "@phosphor-icons/react/dist/csr/ArrowClockwise";
import { ProhibitIcon } from "@phosphor-icons/react/dist/csr/Prohibit";
import { WarningIcon } from "@phosphor-icons/react/dist/csr/Warning";
import { XIcon } from "@phosphor-icons/react/dist/csr/X";
import { XCircleIcon } from "@phosphor-icons/react/dist/csr/XCircle";
import { Button } from "../../ui/button.tsx";

export type NoticeKind = "incomplete" | "failed" | "cancelled" | "taken-back" | "refused" | "notice";

const KIND = {
  incomplete: { title: "This answer is incomplete", look: "bg-warn-soft text-warn", Icon: WarningIcon },
  failed: { title: "No answer", look: "bg-bad-soft text-bad", Icon: XCircleIcon },
  cancelled: { title: "Stopped", look: "bg-sunken text-ink-soft", Icon: ProhibitIcon },
  "taken-back": { title: "Taken back", look: "bg-sunken text-ink-soft", Icon: ProhibitIcon },
  notice: { title: "Not possible now", look: "bg-warn-soft text-warn", Icon: WarningIcon },
  refused: { title: "Not sent", look: "bg-bad-soft text-bad", Icon: XCircleIcon },
} as const;

interface NoticeCardProps {
  readonly kind: NoticeKind;
  readonly text: string | null;
  readonly actionLabel: string;
  /** Null when nothing can be done now. */
  readonly onAction: (() => void) | null;
}

/** A card in the place of what is missing. */
export function NoticeCard({ kind, text, actionLabel, onAction }: NoticeCardProps) {
  const { title, look, Icon } = KIND[kind];
  const ActionIcon = kind === "notice" ? XIcon : ArrowClockwiseIcon;
  return (
    <div
      role="note"
      aria-label={title}
      className={`flex flex-wrap items-center gap-3 rounded-xl px-4 py-3 text-sm ${look}`}
    >
      <Icon aria-hidden size={20} weight="fill" className="shrink-0" />
      <p className="min-w-48 flex-1">
        {/* The server's sentence may begin with the very words of the title. */}
        {text?.startsWith(title) !== true && <span className="font-semibold">{title}. </span>}
        <span className="text-ink">{text}</span>
      </p>
      {onAction !== null && (
        <Button small onClick={onAction}>
          <ActionIcon aria-hidden size={15} />
          {actionLabel}
        </Button>
      )}
    </div>
  );
}
