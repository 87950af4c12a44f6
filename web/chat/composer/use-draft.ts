/** What is typed into a composer: it survives a reload, and a question that was taken back comes back to it. */
import { useCallback, useRef, useState } from "react";
import type { RefObject } from "react";
import { readDraft, saveDraft } from "../../session/draft.ts";
import type { PendingFile } from "../../session/pending-send.ts";
import type { Attachments } from "./use-attachments.ts";

export interface Draft {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** The text box. */
  readonly boxRef: RefObject<HTMLTextAreaElement | null>;
  readonly focusComposer: () => void;
  /** Puts a question back where it was typed, above what stands there by now: nothing else has its words any more. */
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
      const typed = boxRef.current?.value ?? "";
      setText([back, typed].filter((words) => words.trim() !== "").join("\n\n"));
      restore(files);
      focusComposer();
    },
    [restore, focusComposer, setText],
  );
  return { text, setText, boxRef, focusComposer, giveBack };
}
