/** The page of a chat that is not there yet: its first question makes it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useAccount } from "../../account/account-gate.tsx";
import { ApiError, createSession, toErrorText } from "../../api.ts";
import { saveDraft, toUnsent } from "../../session/draft.ts";
import { saveOutbox } from "../../session/outbox.ts";
import type { PendingFile, PendingSend } from "../../session/pending-send.ts";
import { usePageTitle } from "../../ui/page-hook.ts";
import { ChatHeader } from "../chat-header.tsx";
import { Composer } from "../composer/composer.tsx";
import { DropZone } from "../composer/drop-zone.tsx";
import { handFilesOn } from "../composer/handed-files.ts";
import { saveModelChoice } from "../composer/model-choice.ts";
import { NoticeCard } from "../transcript/notice-card.tsx";
import { refreshSessions } from "./session-list.ts";
import { useAttachments } from "../composer/use-attachments.ts";
import type { Attachments } from "../composer/use-attachments.ts";
import { useDraft } from "../composer/use-draft.ts";
import { useModelChoice } from "../composer/use-model-choice.ts";
import { Welcome } from "../welcome.tsx";

function toQuestion(text: string, files: readonly PendingFile[], model: string): PendingSend {
  return {
    trigger: "submit-message",
    requestId: crypto.randomUUID(),
    messageId: crypto.randomUUID(),
    text,
    files: [...files],
    model,
    sent: false,
    refusal: null,
    takenBack: false,
    edits: null,
  };
}

/**
 * Makes the chat, sends it the files, and hands the question to its page through the outbox. Whoever leaves meanwhile
 * has taken the question back. Rule WB132.
 */
function useBegin(attachments: Attachments, model: string, onBegun: (id: string, asked: string) => void) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const madeRef = useRef<string | null>(null);
  const isHereRef = useRef(true);
  useEffect(() => {
    isHereRef.current = true;
    return () => {
      isHereRef.current = false;
    };
  }, []);
  const begin = useMutation({
    mutationFn: async (text: string) => {
      // Those of this question: what is added while the chat is being made belongs to the next one.
      const chosen = attachments.list;
      // A chat that was made for files that did not arrive is used when they are tried again.
      const id = madeRef.current ?? (await createSession()).id;
      madeRef.current = id;
      return { id, question: toQuestion(text, await attachments.sendHeld(id, chosen), model) };
    },
    onSuccess: async ({ id, question }, asked) => {
      // Its words stand in the box of the next new chat: sent from here too, they would be asked twice.
      if (isHereRef.current) {
        saveModelChoice(id, model);
        saveOutbox(sessionStorage, id, [question]);
        handFilesOn(id, attachments.readHeld());
        onBegun(id, asked);
        navigate(`/c/${id}`);
      }
      await refreshSessions(client);
    },
  });
  return { begin, isUnreachable: begin.error instanceof ApiError && begin.error.status === 0 };
}

/** As in a chat that is there: what was asked without a connection is sent once it is back, as it stands then. */
function useAgainOnline(isUnreachable: boolean, again: () => void): void {
  useEffect(() => {
    if (!isUnreachable) return undefined;
    addEventListener("online", again, { once: true });
    return () => removeEventListener("online", again);
  }, [isUnreachable, again]);
}

/** The greeting and the composer; sending makes the chat. */
export function NewChat({ onToggleSidebar }: { readonly onToggleSidebar: () => void }) {
  usePageTitle("");
  const { user } = useAccount();
  const choice = useModelChoice("");
  const attachments = useAttachments("");
  const { text, setText, boxRef } = useDraft("", attachments);
  const { begin, isUnreachable } = useBegin(attachments, choice.model, (id, asked) => {
    // The chat goes on with what was typed while it was being made.
    saveDraft(sessionStorage, id, toUnsent(boxRef.current?.value ?? asked, asked));
    setText("");
  });
  const { mutate, reset } = begin;
  const isEmpty = text.trim() === "" && attachments.list.length === 0;
  const send = useCallback(() => {
    // Whoever emptied the box meanwhile has taken the question back.
    if (isEmpty) reset();
    else mutate(text.trim());
  }, [isEmpty, mutate, reset, text]);
  useAgainOnline(isUnreachable, send);
  return (
    <DropZone onFiles={attachments.add}>
      <ChatHeader chat={null} onToggleSidebar={onToggleSidebar} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Welcome name={user.name.split(" ")[0] ?? ""} onExample={setText} />
      </div>
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4 sm:pb-4">
        {begin.error !== null && (
          <div className="mb-2">
            <NoticeCard
              kind="refused"
              text={`${toErrorText(begin.error)}${isUnreachable ? " It is sent once the connection is back." : ""}`}
              actionLabel="Try again"
              onAction={send}
            />
          </div>
        )}
        <Composer
          text={text}
          onChange={setText}
          onSend={send}
          onStop={null}
          blocked={begin.isPending ? "Starting the chat…" : ""}
          hint=""
          choice={choice}
          attachments={attachments}
          boxRef={boxRef}
        />
      </div>
    </DropZone>
  );
}
