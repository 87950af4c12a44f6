/** Draws one row of a live chat's transcript. */
import { memo } from "react";
import type { SettledTurn } from "../../session/settled-chat.ts";
import { AnswerRow } from "../answer/answer-row.tsx";
import { Waiting } from "../answer/answer-view.tsx";
import { NoticeCard } from "./notice-card.tsx";
import { PendingRow } from "./pending-row.tsx";
import { QuestionRow } from "./question-row.tsx";
import { SummaryLine } from "./summary-line.tsx";
import type { TranscriptRow } from "./transcript-row.ts";
import { useTranscriptTools } from "./transcript-tools.ts";

function Thinking({ isSent }: { readonly isSent: boolean }) {
  return (
    <article aria-label="Answer" aria-busy data-status="streaming" className="flex flex-col gap-2">
      <Waiting />
      <p className="min-h-8 text-xs text-ink-faint">
        {isSent ? "Choosing a model…" : "Waiting for the connection. It is asked for once it is back."}
      </p>
    </article>
  );
}

function Unanswered({ messageId }: { readonly messageId: string }) {
  const { actions, mayBranch, model } = useTranscriptTools();
  return (
    <NoticeCard
      kind="failed"
      text="This question was stored, but no answer was given."
      actionLabel="Try again"
      onAction={mayBranch ? () => actions.answerAgain(messageId, model) : null}
    />
  );
}

function Notice({ text }: { readonly text: string }) {
  const { actions } = useTranscriptTools();
  return <NoticeCard kind="notice" text={text} actionLabel="Dismiss" onAction={actions.dismissNotice} />;
}

interface RowViewProps {
  readonly row: TranscriptRow;
  /** Only for the row of the answer that is being written. */
  readonly running: SettledTurn | null;
}

/** A question, an answer, or what stands between and below them. */
export const RowView = memo(function RowView({ row, running }: RowViewProps) {
  switch (row.kind) {
    case "message": {
      const { message, place, waits } = row;
      if (message.role === "user") return <QuestionRow message={message} place={place} waits={waits} />;
      return <AnswerRow messageId={message.id} message={message} running={null} place={place} />;
    }
    case "running":
      return <AnswerRow messageId={row.messageId} message={null} running={running} place={row.place} />;
    case "pending":
      return <PendingRow pending={row.pending} />;
    case "thinking":
      return <Thinking isSent={row.isSent} />;
    case "summary":
      return <SummaryLine text={row.text} />;
    case "unanswered":
      return <Unanswered messageId={row.messageId} />;
    case "notice":
      return <Notice text={row.text} />;
  }
});
