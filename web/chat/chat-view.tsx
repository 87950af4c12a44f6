/** A chat that exists: its messages, what can be asked, and what to show when it is gone. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { ChatCircleSlashIcon } from "@phosphor-icons/react/dist/csr/ChatCircleSlash";
import { Link } from "wouter";
import { canAsk } from "../session/chat-view.ts";
import type { ChatState } from "../session/chat-view.ts";
import { useChatSession } from "../session/use-chat-session.ts";
import { usePageTitle } from "../ui/page-hook.ts";
import { EmptyState, SkeletonLines } from "../ui/page-state.tsx";
import { ChatHeader } from "./chat-header.tsx";
import { Composer } from "./composer.tsx";
import { usePublishTitle } from "./live-title.ts";
import { NoticeCard } from "./notice-card.tsx";
import { Transcript } from "./transcript.tsx";
import { useModelChoice } from "./use-model-choice.ts";

function Gone({ stage }: { readonly stage: "missing" | "deleted" }) {
  const title = stage === "deleted" ? "This chat was deleted" : "There is no such chat";
  const why =
    stage === "deleted"
      ? "It was deleted here or in another tab."
      : "It may have been deleted, or it belongs to somebody else.";
  return (
    <EmptyState icon={<ChatCircleSlashIcon aria-hidden size={40} />} title={title}>
      <p>{why}</p>
      <p className="mt-3">
        <Link href="/" className="font-medium text-accent underline underline-offset-2">
          Start a new chat
        </Link>
      </p>
    </EmptyState>
  );
}

function toBlocked(state: ChatState): string {
  if (state.running !== null) return "An answer is being written";
  if (state.pending !== null) return state.connection === "live" ? "Sending…" : "Waiting for the connection";
  return "";
}

/** Stops the answer on Escape, unless a dialog or a panel took the key. */
function useStopKey(stop: (() => void) | null): void {
  useEffect(() => {
    if (stop === null) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.key === "Escape" &&
        !event.defaultPrevented &&
        document.querySelector("dialog[open]") === null
      )
        stop();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [stop]);
}

/** Tells the rest of the page what the socket said: the title, a chat that is gone, a session that ran out. */
function usePublish(state: ChatState): void {
  const client = useQueryClient();
  // A new question, a turn that began or ended: the list's order and its titles follow.
  usePublishTitle(
    state.sessionId,
    state.title,
    `${state.running?.turn.turnId ?? ""} ${state.messages.length}`,
  );
  useEffect(() => {
    if (state.stage === "deleted") void client.invalidateQueries({ queryKey: ["sessions"] });
    if (state.stage === "signed-out") void client.resetQueries({ queryKey: ["me"] });
  }, [client, state.stage]);
}

interface ChatViewProps {
  readonly sessionId: string;
  readonly onToggleSidebar: () => void;
}

/** One chat, live. */
export function ChatView({ sessionId, onToggleSidebar }: ChatViewProps) {
  const { state, actions } = useChatSession(sessionId);
  const choice = useModelChoice(sessionId);
  const { model } = choice;
  const [text, setText] = useState("");
  usePageTitle(state.title);
  usePublish(state);
  const isAskable = canAsk(state);
  const again = useCallback((messageId: string) => actions.answerAgain(messageId, model), [actions, model]);
  const stop = state.running === null ? null : actions.stop;
  useStopKey(stop);
  const { refusal } = state;
  const [seenRefusal, setSeenRefusal] = useState(refusal);
  if (refusal !== seenRefusal) {
    setSeenRefusal(refusal);
    // What was refused goes back to where it was typed, unless something else stands there by now.
    if (text === "") setText(refusal?.send?.text ?? "");
  }
  if (state.stage === "missing" || state.stage === "deleted") {
    return (
      <>
        <ChatHeader state={null} onToggleSidebar={onToggleSidebar} />
        <Gone stage={state.stage} />
      </>
    );
  }
  const isLoading = state.stage === "loading" && state.pending === null;
  return (
    <>
      <ChatHeader state={state} onToggleSidebar={onToggleSidebar} />
      {isLoading ? (
        <div className="mx-auto w-full max-w-3xl flex-1 p-4">
          <SkeletonLines count={4} className="h-16" />
        </div>
      ) : (
        <Transcript state={state} onAgain={isAskable ? again : null}>
          {refusal !== null && (
            <NoticeCard
              kind="refused"
              text={refusal.errorText}
              actionLabel="Dismiss"
              onAction={actions.dismissRefusal}
            />
          )}
        </Transcript>
      )}
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4 sm:pb-4">
        <Composer
          text={text}
          onChange={setText}
          onSend={() => {
            actions.ask(text.trim(), model);
            setText("");
          }}
          onStop={stop}
          blocked={toBlocked(state)}
          choice={choice}
        />
      </div>
    </>
  );
}
