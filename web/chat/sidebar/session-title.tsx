/** A chat's title that can be edited in its place: Enter or leaving keeps it, Escape does not. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { MAX_TITLE_CHARACTERS } from "../../../src/protocol/session-api.ts";
import { renameSession, toErrorText } from "../../api.ts";
import { isComposing } from "../../ui/composing.ts";
import { useToaster } from "../../ui/toast.tsx";
import { retitleSession } from "./session-list.ts";

interface TitleFieldProps {
  readonly sessionId: string;
  readonly title: string;
  readonly onDone: () => void;
}

/** The text field; `onDone` comes after keeping, giving up and failing. */
export function TitleField({ sessionId, title, onDone }: TitleFieldProps) {
  const [text, setText] = useState(title);
  const client = useQueryClient();
  const { complain } = useToaster();
  const rename = useMutation({
    mutationFn: (next: string) => renameSession(sessionId, next),
    onSuccess: (session) => retitleSession(client, sessionId, session.title),
    onError: (error) => complain(toErrorText(error)),
    onSettled: onDone,
  });
  function keep(): void {
    const next = text.trim();
    if (rename.isPending) return;
    if (next === "" || next === title) onDone();
    else rename.mutate(next);
  }
  return (
    <input
      value={text}
      maxLength={MAX_TITLE_CHARACTERS}
      aria-label="Chat title"
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (isComposing(event.nativeEvent)) return;
        if (event.key === "Enter") keep();
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onDone();
      }}
      className="field min-w-0 flex-1 py-1! text-sm!"
    />
  );
}
