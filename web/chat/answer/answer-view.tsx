/** One answer, stored or still being written. */
import { useMemo } from "react";
import type { ReactNode } from "react";
import type { Receipt } from "../../../src/protocol/answer.ts";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toPlainText, toStoredParts, toStreamedParts } from "../../session/answer-part.ts";
import type { StreamedAnswer, ViewPart } from "../../session/answer-part.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { AnswerBody } from "./answer-body.tsx";
import { NoticeCard } from "../transcript/notice-card.tsx";
import { ReceiptLine } from "./receipt-line.tsx";
import { toApprovalWords } from "./tool-words.ts";

/** Three dots that breathe. */
export function Waiting() {
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

function toProgress(receipt: Receipt | null, parts: readonly ViewPart[]): string {
  if (toApprovalWords(parts) !== "") return "Waiting for your word";
  const leg = receipt?.legs.at(-1);
  if (leg !== undefined) return `${leg.provider} · ${leg.model}`;
  return receipt === null ? "Choosing a model…" : "Waiting for the first word…";
}

/**
 * The feet of a streaming and of a stored answer have one height, so that the end of an answer moves nothing. The first
 * button's sign stands below the first letter.
 */
const FOOT = "flex min-h-8 items-start gap-1 -ml-2";

interface FootProps {
  readonly message: StoredMessage;
  readonly parts: readonly ViewPart[];
  readonly isShared: boolean;
  readonly children: ReactNode;
}

function StoredFoot({ message, parts, isShared, children }: FootProps) {
  const receipt = message.metadata;
  const steps = message.parts.filter(({ type }) => type === "step-start").length;
  return (
    <div className={`${FOOT} flex-wrap sm:flex-nowrap`}>
      {parts.length > 0 && <CopyButton label="Copy answer" read={() => toPlainText(parts)} />}
      {children}
      {receipt !== null && <ReceiptLine receipt={receipt} steps={steps} isShared={isShared} />}
    </div>
  );
}

function StreamingFoot({
  said,
  hasParts,
  children,
}: {
  readonly said: string;
  readonly hasParts: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={FOOT}>
      {children}
      <div className="flex min-h-8 items-center gap-2 pl-2 text-xs text-ink-faint">
        {hasParts && <Waiting />}
        {said}
      </div>
    </div>
  );
}

type End = "complete" | "incomplete" | "failed" | "cancelled";

function toEnd(receipt: Receipt | null): End {
  const status = receipt?.status ?? "complete";
  // Stored as streaming: a crash came between, and nobody is writing it any more.
  return status === "streaming" ? "incomplete" : status;
}

/** Nobody was asked: the question was taken back while it waited. */
function wasTakenBack(message: StoredMessage): boolean {
  const { metadata, parts } = message;
  return metadata?.status === "cancelled" && metadata.attempts === 0 && parts.length === 0;
}

interface EndCardProps {
  readonly end: Exclude<End, "complete">;
  readonly message: StoredMessage;
  readonly onAgain: (() => void) | null;
}

function EndCard({ end, message, onAgain }: EndCardProps) {
  if (wasTakenBack(message)) {
    const text = "Nobody was asked.";
    return <NoticeCard kind="taken-back" text={text} actionLabel="Ask it now" onAction={onAgain} />;
  }
  const notice = message.metadata?.notice ?? null;
  return <NoticeCard kind={end} text={notice} actionLabel="Try again" onAction={onAgain} />;
}

interface AnswerProps {
  /** The answer as it is stored; null while it streams. */
  readonly message: StoredMessage | null;
  /** The answer as it streams; of no account once it is stored. */
  readonly streamed: StreamedAnswer;
  readonly isStopping: boolean;
  readonly isShared?: boolean;
  readonly decided: Readonly<Record<string, boolean>>;
  readonly onDecide: ((approvalId: string, approved: boolean) => void) | null;
  /** Asks for another answer in its place, of the same model; null while that is not possible. */
  readonly onAgain: (() => void) | null;
  /** What stands in the foot before the receipt. */
  readonly children?: ReactNode;
}

/**
 * An answer from its first word to its receipt. It is one component all the way, so that its blocks stay as they
 * were drawn when the stored message takes the place of what was streamed.
 */
export function Answer(props: AnswerProps) {
  const { message, streamed, isStopping, isShared = false, decided, onDecide, onAgain, children } = props;
  const parts = useMemo(
    () => (message === null ? toStreamedParts(streamed) : toStoredParts(message)),
    [message, streamed],
  );
  const isStreaming = message === null;
  const end = toEnd(message?.metadata ?? null);
  return (
    <article
      aria-label="Answer"
      aria-busy={isStreaming}
      data-status={isStreaming ? "streaming" : end}
      className="flex flex-col gap-2"
    >
      {isStreaming && parts.length === 0 ? (
        <Waiting />
      ) : (
        <AnswerBody parts={parts} isLive={isStreaming} decided={decided} onDecide={onDecide} />
      )}
      {!isStreaming && end !== "complete" && <EndCard end={end} message={message} onAgain={onAgain} />}
      {isStreaming ? (
        <StreamingFoot
          said={isStopping ? "Stopping…" : toProgress(streamed.receipt, parts)}
          hasParts={parts.length > 0}
        >
          {children}
        </StreamingFoot>
      ) : wasTakenBack(message) ? null : (
        <StoredFoot message={message} parts={parts} isShared={isShared}>
          {children}
        </StoredFoot>
      )}
      {isStreaming && (
        <p role="status" className="sr-only">
          {toApprovalWords(parts)}
        </p>
      )}
    </article>
  );
}
