/** One question or one answer, stored or still streaming. */
import { memo, useMemo } from "react";
import type { ReactNode } from "react";
import { ArrowClockwiseIcon } from "@phosphor-icons/react/dist/csr/ArrowClockwise";
import type { Receipt } from "../../src/protocol/answer.ts";
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { toPlainText, toStoredParts, toStreamedParts } from "../session/answer-part.ts";
import type { StreamedAnswer, ViewPart } from "../session/answer-part.ts";
import { IconButton } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { AnswerBody } from "./answer-body.tsx";
import { NoticeCard } from "./notice-card.tsx";
import { ReceiptLine } from "./receipt-line.tsx";

/** A question as it was typed. `note` says that it has not arrived yet. */
export const Question = memo(function Question({
  text,
  note,
}: {
  readonly text: string;
  readonly note: string;
}) {
  return (
    <article aria-label="Question" className="flex flex-col items-end gap-1">
      <div
        className={`max-w-[min(42rem,88%)] rounded-2xl rounded-br-md bg-accent-soft px-4 py-2.5 wrap-anywhere whitespace-pre-wrap ${note === "" ? "" : "opacity-70"}`}
      >
        {text}
      </div>
      {note !== "" && <p className="px-1 text-xs text-ink-faint">{note}</p>}
    </article>
  );
});

function Waiting() {
  return (
    <div className="flex h-7 items-center gap-1.5" aria-hidden>
      {["0ms", "150ms", "300ms"].map((delay) => (
        <span
          key={delay}
          style={{ animationDelay: delay }}
          className="wave-dot size-1.5 rounded-full bg-accent"
        />
      ))}
    </div>
  );
}

/** The frame of an answer: its parts, then a foot of one fixed height, so that its end moves nothing. */
function AnswerFrame({
  status,
  parts,
  children,
}: {
  readonly status: string;
  readonly parts: readonly ViewPart[];
  readonly children: ReactNode;
}) {
  const isStreaming = status === "streaming";
  return (
    <article aria-label="Answer" aria-busy={isStreaming} data-status={status} className="flex flex-col gap-2">
      {isStreaming && parts.length === 0 ? <Waiting /> : <AnswerBody parts={parts} />}
      {children}
    </article>
  );
}

const FOOT = "flex min-h-8 items-start gap-1";

/** An answer that is being given; before its turn began there is only the wait. */
export function StreamingAnswer({
  answer,
  stopping,
}: {
  readonly answer: StreamedAnswer;
  readonly stopping: boolean;
}) {
  const said = stopping ? "Stopping…" : toProgress(answer.receipt);
  const parts = toStreamedParts(answer);
  return (
    <AnswerFrame status="streaming" parts={parts}>
      <div className={FOOT}>
        <p className="flex min-h-8 items-center gap-2 text-xs text-ink-faint">
          {parts.length > 0 && <Waiting />}
          {said}
        </p>
      </div>
    </AnswerFrame>
  );
}

function toProgress(receipt: Receipt | null): string {
  const leg = receipt?.legs.at(-1);
  if (leg !== undefined) return `${leg.provider} · ${leg.model}`;
  return receipt === null ? "Choosing a model…" : "Waiting for the first word…";
}

interface AnswerProps {
  readonly message: StoredMessage;
  /** Asks for another answer in its place; null while that is not possible. */
  readonly onAgain: ((messageId: string) => void) | null;
}

/** An answer that has ended, with its receipt, or the card that says how it ended instead. */
export const Answer = memo(function Answer({ message, onAgain }: AnswerProps) {
  const parts = useMemo(() => toStoredParts(message), [message]);
  const receipt = message.metadata;
  const status = receipt?.status ?? "complete";
  const again = onAgain === null ? null : () => onAgain(message.id);
  return (
    <AnswerFrame status={status === "streaming" ? "incomplete" : status} parts={parts}>
      {status !== "complete" && (
        <NoticeCard
          kind={status === "streaming" ? "incomplete" : status}
          text={receipt?.notice ?? null}
          actionLabel="Try again"
          onAction={again}
        />
      )}
      <div className={FOOT}>
        {parts.length > 0 && <CopyButton label="Copy answer" read={() => toPlainText(parts)} />}
        <IconButton small label="Regenerate" disabled={again === null} onClick={() => again?.()}>
          <ArrowClockwiseIcon aria-hidden size={16} />
        </IconButton>
        {receipt !== null && <ReceiptLine receipt={receipt} />}
      </div>
    </AnswerFrame>
  );
});
