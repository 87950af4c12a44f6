/** What is typed into a composer: it survives a reload, and a question that was taken back comes back to it. */
import { useCallback, useRef, useState } from "react";
import type { RefObject } from "react";
import { readDraft, saveDraft } from "../session/draft.ts";
import type { PendingFile } from "../session/pending-send.ts";
import type { Attachments } from "./use-attachments.ts";

export interface Draft {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** The text box. */
  readonly boxRef: RefObject<HTMLTextAreaElement | null>;
  readonly focusComposer: () => void;
  /** Puts a question back where it was typed, unless something else stands there by now. */
  readonly giveBack: (text: string, files: readonly PendingFile[]) => void;
}

/** `sessionId` is empty for a chat that is not there yet. */
export function useDraft(sessionId: string, { restore }: Attachments): Draft {
  const [text, setShown] = useState(() => readDraft(sessionStorage, sessionId));
  const boxRef = useRef<HTMLTextAreaElement>(null);
  const setText = useCallback(
    (next: string) => {
      setShown(next);
      saveDraft(sessionStorage, sessionId, next);
    },
    [sessionId],
  );
  const focusComposer = useCallback(() => boxRef.current?.focus(), []);
  const giveBack = useCallback(
    (back: string, files: readonly PendingFile[]) => {
      if ((boxRef.current?.value ?? "").trim() === "") setText(back);
      restore(files);
      focusComposer();
    },
    [restore, focusComposer, setText],
  );
  return { text, setText, boxRef, focusComposer, giveBack };
}
