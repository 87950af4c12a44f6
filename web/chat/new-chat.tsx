/** The page of a chat that is not there yet: its first question makes it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { useAccount } from "../account/account-gate.tsx";
import { createSession, toErrorText } from "../api.ts";
import { saveOutbox } from "../session/outbox.ts";
import { usePageTitle } from "../ui/page-hook.ts";
import { ChatHeader } from "./chat-header.tsx";
import { Composer } from "./composer.tsx";
import { saveModelChoice } from "./model-choice.ts";
import { NoticeCard } from "./notice-card.tsx";
import { useModelChoice } from "./use-model-choice.ts";
import { Welcome } from "./welcome.tsx";

/** The greeting and the composer; sending makes the chat and hands the question to it through the outbox. */
export function NewChat({ onToggleSidebar }: { readonly onToggleSidebar: () => void }) {
  usePageTitle("");
  const { user } = useAccount();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [text, setText] = useState("");
  const choice = useModelChoice("");
  const begin = useMutation({
    mutationFn: createSession,
    onSuccess: async ({ id }) => {
      saveModelChoice(id, choice.model);
      saveOutbox(sessionStorage, id, {
        trigger: "submit-message",
        requestId: crypto.randomUUID(),
        messageId: crypto.randomUUID(),
        text: text.trim(),
        model: choice.model,
        sent: false,
      });
      navigate(`/c/${id}`);
      await client.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  return (
    <>
      <ChatHeader state={null} onToggleSidebar={onToggleSidebar} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <Welcome name={user.name.split(" ")[0] ?? ""} onExample={setText} />
      </div>
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4 sm:pb-4">
        {begin.error !== null && (
          <div className="mb-2">
            <NoticeCard
              kind="refused"
              text={toErrorText(begin.error)}
              actionLabel="Try again"
              onAction={() => begin.mutate()}
            />
          </div>
        )}
        <Composer
          text={text}
          onChange={setText}
          onSend={() => begin.mutate()}
          onStop={null}
          blocked={begin.isPending ? "Starting the chat…" : ""}
          choice={choice}
        />
      </div>
    </>
  );
}
