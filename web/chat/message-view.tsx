/** One question or one answer, stored or still streaming. */
import { memo, useMemo } from "react";
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

function toProgress(receipt: Receipt | null): string {
  const leg = receipt?.legs.at(-1);
  if (leg !== undefined) return `${leg.provider} · ${leg.model}`;
  return receipt === null ? "Choosing a model…" : "Waiting for the first word…";
}

/** The feet of a streaming and of a stored answer have one height, so that the end of an answer moves nothing. */
const FOOT = "flex min-h-8 items-start gap-1";

function StreamingFoot({ said, hasParts }: { readonly said: string; readonly hasParts: boolean }) {
  return (
    <div className={FOOT}>
      <div className="flex min-h-8 items-center gap-2 text-xs text-ink-faint">
        {hasParts && <Waiting />}
        {said}
      </div>
    </div>
  );
}

interface StoredFootProps {
  readonly parts: readonly ViewPart[];
  readonly receipt: Receipt | null;
  readonly onAgain: (() => void) | null;
}

function StoredFoot({ parts, receipt, onAgain }: StoredFootProps) {
  return (
    <div className={FOOT}>
      {parts.length > 0 && <CopyButton label="Copy answer" read={() => toPlainText(parts)} />}
      <IconButton small label="Regenerate" disabled={onAgain === null} onClick={() => onAgain?.()}>
        <ArrowClockwiseIcon aria-hidden size={16} />
      </IconButton>
      {receipt !== null && <ReceiptLine receipt={receipt} />}
    </div>
  );
}

interface AnswerProps {
  /** The answer as it is stored; null while it streams. */
  readonly message: StoredMessage | null;
  /** The answer as it streams; of no account once it is stored. */
  readonly streamed: StreamedAnswer;
  readonly isStopping: boolean;
  /** Asks for another answer in its place; null while that is not possible. */
  readonly onAgain: ((messageId: string) => void) | null;
}

/**
 * An answer from its first word to its receipt. It is one component all the way, so that its blocks stay as they
 * were drawn when the stored message takes the place of what was streamed.
 */
export const Answer = memo(function Answer({ message, streamed, isStopping, onAgain }: AnswerProps) {
  const parts = useMemo(
    () => (message === null ? toStreamedParts(streamed) : toStoredParts(message)),
    [message, streamed],
  );
  const isStreaming = message === null;
  const stored = message?.metadata?.status ?? "complete";
  // Stored as streaming: a crash came between, and nobody is writing it any more.
  const end = stored === "streaming" ? "incomplete" : stored;
  const again = onAgain === null || message === null ? null : () => onAgain(message.id);
  return (
    <article
      aria-label="Answer"
      aria-busy={isStreaming}
      data-status={isStreaming ? "streaming" : end}
      className="flex flex-col gap-2"
    >
      {isStreaming && parts.length === 0 ? <Waiting /> : <AnswerBody parts={parts} />}
      {!isStreaming && end !== "complete" && (
        <NoticeCard
          kind={end}
          text={message.metadata?.notice ?? null}
          actionLabel="Try again"
          onAction={again}
        />
      )}
      {isStreaming ? (
        <StreamingFoot
          said={isStopping ? "Stopping…" : toProgress(streamed.receipt)}
          hasParts={parts.length > 0}
        />
      ) : (
        <StoredFoot parts={parts} receipt={message.metadata} onAgain={again} />
      )}
    </article>
  );
});
