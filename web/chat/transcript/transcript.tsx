/** The messages of a live chat: what is stored, the answer that is being written, the questions on their way. */
import { useEffect, useMemo, useRef } from "react";
import type { SettledChat } from "../../session/settled-chat.ts";
import { RowColumn } from "./row-list.tsx";
import { guessRowHeight } from "./row-size.ts";
import { RowView } from "./row-view.tsx";
import { toTranscriptRows } from "./transcript-row.ts";
import type { TranscriptRow } from "./transcript-row.ts";
import { useTranscriptTools } from "./transcript-tools.ts";
import { useFoundMessage } from "../search/use-found-message.ts";
import { useRowList } from "./use-row-list.ts";

interface TranscriptProps {
  readonly chat: SettledChat;
  /** What is searched for in the chat; empty when nobody searches. */
  readonly query: string;
}

/** What a screen reader is told of the course of things; the words themselves are read where they stand. */
function toStatus({ running, outbox, messages }: SettledChat): string {
  if (running !== null || outbox.some(({ sent }) => sent)) return "An answer is being written.";
  return messages.length > 0 ? "The answer has ended." : "";
}

function toFoundClass(row: TranscriptRow, foundId: string): string {
  const isFound = row.kind === "message" && row.message.id === foundId;
  return isFound ? "rounded-lg outline-2 outline-offset-8 outline-accent" : "";
}

/** Whoever asks wants to see what happens, wherever they had scrolled to. */
function useEndAfterAsking(outboxLength: number, toEnd: () => void): void {
  const known = useRef(outboxLength);
  useEffect(() => {
    if (outboxLength > known.current) toEnd();
    known.current = outboxLength;
  }, [outboxLength, toEnd]);
}

/** The rows, in a box that follows its end unless the reader has scrolled up. */
export function Transcript({ chat, query }: TranscriptProps) {
  const { actions } = useTranscriptTools();
  const rows = useMemo(() => toTranscriptRows(chat), [chat]);
  const { hasOlder, isLoadingOlder, running, jump } = chat;
  const list = useRowList({ rows, guessHeight: guessRowHeight, hasOlder, onNearTop: actions.loadOlder });
  useEndAfterAsking(chat.outbox.length, list.toEnd);
  const isEmpty = rows.length === 0;
  const foundId = useFoundMessage({ jump, rows, list, query, onEnd: actions.endJump });
  return (
    <>
      <RowColumn rows={rows} list={list} hasOlder={hasOlder} isLoadingOlder={isLoadingOlder}>
        {(row) => (
          <div className={toFoundClass(row, foundId)}>
            <RowView row={row} running={row.kind === "running" ? running : null} />
          </div>
        )}
      </RowColumn>
      {isEmpty && (
        <p className="absolute inset-x-0 top-1/3 px-4 text-center text-ink-soft">
          Nothing has been said here yet. Ask the first question.
        </p>
      )}
      <p role="status" className="sr-only">
        {toStatus(chat)}
      </p>
    </>
  );
}
