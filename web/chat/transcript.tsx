/** The messages of a chat in a box that follows its end, unless the reader has scrolled up. */
import { useEffect } from "react";
import type { ReactNode } from "react";
import { ArrowDownIcon } from "@phosphor-icons/react/dist/csr/ArrowDown";
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { EMPTY_ANSWER, toPlainText, toStoredParts } from "../session/answer-part.ts";
import type { ChatState } from "../session/chat-view.ts";
import { Answer, Question } from "./message-view.tsx";
import { NoticeCard } from "./notice-card.tsx";
import { useStickToBottom } from "./use-stick-to-bottom.ts";

interface TranscriptProps {
  readonly state: ChatState;
  /** Null while nothing can be asked. */
  readonly onAgain: ((messageId: string) => void) | null;
  /** What stands at the end: a card about something that was refused. */
  readonly children: ReactNode;
}

function toPendingNote(state: ChatState): string {
  if (state.connection === "live") return "";
  return state.connection === "connecting"
    ? "Sending…"
    : "Waiting for the connection. It is sent once it is back.";
}

/** Where the running answer stands: below its question, above questions that wait for their turn. */
function toAnswerPlace(state: ChatState): number {
  const index = state.messages.findIndex(({ id }) => id === state.running?.turn.parentId);
  return index === -1 ? state.messages.length : index + 1;
}

function toRow(message: StoredMessage, note: string, onAgain: TranscriptProps["onAgain"]) {
  const { id } = message;
  if (message.role === "user")
    return <Question key={id} text={toPlainText(toStoredParts(message))} note={note} />;
  return <Answer key={id} message={message} streamed={EMPTY_ANSWER} isStopping={false} onAgain={onAgain} />;
}

/** One list with the ids as keys: the running answer keeps its row when it becomes a stored one. */
function toRows(state: ChatState, onAgain: TranscriptProps["onAgain"]) {
  const { messages, running } = state;
  const place = toAnswerPlace(state);
  const answer = running !== null && (
    <Answer
      key={running.turn.messageId}
      message={null}
      streamed={running.answer}
      isStopping={running.stopping}
      onAgain={null}
    />
  );
  return [
    ...messages.slice(0, place).map((message) => toRow(message, "", onAgain)),
    answer,
    ...messages.slice(place).map((message) => toRow(message, "Waits for the answer above.", onAgain)),
  ];
}

/** A stored question that nobody answered: the last thing on the path, and nothing is under way. */
function Unanswered({ state, onAgain }: Pick<TranscriptProps, "state" | "onAgain">) {
  const last = state.messages.at(-1);
  if (last?.role !== "user" || state.running !== null || state.pending !== null || onAgain === null)
    return null;
  return (
    <NoticeCard
      kind="failed"
      text="This question was stored, but no answer was given."
      actionLabel="Try again"
      onAction={() => onAgain(last.id)}
    />
  );
}

/** Stored messages, the answer that streams, the question on its way. */
export function Transcript({ state, onAgain, children }: TranscriptProps) {
  const { box, content, isAtEnd, jumpToEnd } = useStickToBottom();
  const { running, pending } = state;
  // Whoever asks wants to see what happens, wherever they had scrolled to.
  useEffect(() => {
    if (pending !== null) jumpToEnd();
  }, [pending, jumpToEnd]);
  const isAnswering = running !== null || pending !== null;
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        tabIndex={-1}
        className="h-full overflow-y-auto overscroll-contain outline-none [overflow-anchor:none]"
      >
        <div
          ref={content}
          role="log"
          aria-label="Conversation"
          aria-live="off"
          className="mx-auto flex w-full max-w-3xl flex-col gap-6 px-4 py-6"
        >
          {toRows(state, onAgain)}
          {pending !== null && pending.text !== "" && (
            <Question text={pending.text} note={toPendingNote(state)} />
          )}
          {running === null && pending?.sent === true && (
            <Answer message={null} streamed={EMPTY_ANSWER} isStopping={false} onAgain={null} />
          )}
          <Unanswered state={state} onAgain={onAgain} />
          {children}
        </div>
      </div>
      <p role="status" className="sr-only">
        {isAnswering
          ? "An answer is being written."
          : state.messages.length > 0
            ? "The answer has ended."
            : ""}
      </p>
      {!isAtEnd && (
        <button
          type="button"
          onClick={jumpToEnd}
          className="absolute bottom-3 left-1/2 flex h-9 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-surface px-3.5 text-[13px] font-medium shadow-float hover:bg-hover"
        >
          <ArrowDownIcon aria-hidden size={15} /> Jump to latest
        </button>
      )}
    </div>
  );
}
