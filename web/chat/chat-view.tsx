/** A chat that exists: its messages, what can be asked, and what to show when it is gone. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Connection } from "../session/chat-state.ts";
import { canAsk, canBranch } from "../session/outbox-step.ts";
import type { SettledChat } from "../session/settled-chat.ts";
import { useChatSession } from "../session/use-chat-session.ts";
import { usePageTitle } from "../ui/page-hook.ts";
import { SkeletonLines } from "../ui/page-state.tsx";
import { ChatHeader } from "./chat-header.tsx";
import { useSearchKey, useStopKey } from "./chat-keys.ts";
import { Composer } from "./composer/composer.tsx";
import { DropZone } from "./composer/drop-zone.tsx";
import { Gone } from "./gone.tsx";
import { usePublishTitle } from "./sidebar/live-title.ts";
import { ModelNames, toModelNames } from "./composer/model-name.ts";
import { dropSession } from "./sidebar/session-list.ts";
import { SearchBar } from "./search/search-bar.tsx";
import { TranscriptContext } from "./transcript/transcript-tools.ts";
import type { TranscriptTools } from "./transcript/transcript-tools.ts";
import { Transcript } from "./transcript/transcript.tsx";
import { useAttachments } from "./composer/use-attachments.ts";
import { useChatSearch } from "./search/use-chat-search.ts";
import { useDraft } from "./composer/use-draft.ts";
import { useModelChoice } from "./composer/use-model-choice.ts";

/** Tells the rest of the page what the socket said: the title, a chat that is gone, a session that ran out. */
function usePublish(chat: SettledChat): void {
  const client = useQueryClient();
  // A new question, a turn that began or ended: the list's order and its titles follow.
  const change = `${chat.running?.turn.turnId ?? ""} ${chat.messages.at(-1)?.id ?? ""}`;
  usePublishTitle(chat.sessionId, chat.title, change);
  useEffect(() => {
    if (chat.stage === "deleted") void dropSession(client, chat.sessionId);
    if (chat.stage === "signed-out") void client.resetQueries({ queryKey: ["me"] });
  }, [client, chat.sessionId, chat.stage]);
}

/** What becomes of a question that is sent now; empty when it is answered at once. */
function toHint({ connection, stage, running }: SettledChat): string {
  if (stage === "ready" && connection !== "live") return "Sent once the connection is back";
  return running === null ? "" : "Waits for the answer above";
}

function useSearchPanel(sessionId: string, endJump: () => void) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const search = useChatSearch(sessionId, isOpen);
  const open = useCallback(() => setIsOpen(true), []);
  useSearchKey(open);
  const close = (): void => {
    setIsOpen(false);
    endJump();
    button.current?.focus();
  };
  return { isOpen, open, close, button, search };
}

function Loading({ connection }: { readonly connection: Connection }) {
  return (
    <div className="mx-auto w-full max-w-3xl flex-1 p-4">
      <SkeletonLines count={4} className="h-16" />
      {(connection === "offline" || connection === "reconnecting") && (
        <p role="status" className="mt-4 text-center text-sm text-ink-soft">
          There is no connection. The chat is shown as soon as it is back; a question can be asked already.
        </p>
      )}
    </div>
  );
}

interface ChatViewProps {
  readonly sessionId: string;
  readonly onToggleSidebar: () => void;
}

/** One chat, live. */
export function ChatView({ sessionId, onToggleSidebar }: ChatViewProps) {
  const { chat, store, actions } = useChatSession(sessionId);
  const choice = useModelChoice(sessionId);
  const { model, catalog } = choice;
  const attachments = useAttachments(sessionId);
  const { text, setText, giveBack, focusComposer, boxRef } = useDraft(sessionId, attachments);
  const [editingId, edit] = useState("");
  const [drafts] = useState(() => new Map<string, string>());
  usePageTitle(chat.title);
  usePublish(chat);
  const stop = chat.running === null ? null : actions.stop;
  useStopKey(stop);
  const panel = useSearchPanel(sessionId, actions.endJump);
  const mayBranch = canBranch(chat);
  const isLive = chat.connection === "live";
  const tools = useMemo<TranscriptTools>(
    () => ({
      store,
      actions,
      mayBranch,
      isLive,
      model,
      catalog,
      editingId,
      edit,
      drafts,
      focusComposer,
      giveBack,
    }),
    [store, actions, mayBranch, isLive, model, catalog, editingId, drafts, focusComposer, giveBack],
  );
  const names = useMemo(() => toModelNames(catalog), [catalog]);
  if (chat.stage === "missing" || chat.stage === "deleted") {
    return (
      <>
        <ChatHeader chat={null} onToggleSidebar={onToggleSidebar} />
        <Gone stage={chat.stage} sessionId={sessionId} />
      </>
    );
  }
  const isLoading = chat.stage === "loading" && chat.outbox.length === 0;
  return (
    <DropZone onFiles={attachments.add}>
      <ChatHeader
        chat={chat}
        onToggleSidebar={onToggleSidebar}
        onSearch={panel.isOpen ? panel.close : panel.open}
        searchButton={panel.button}
      />
      {panel.isOpen && (
        <SearchBar
          search={panel.search}
          jump={chat.jump}
          onShow={({ messageId, createdAt }) => actions.jumpTo(messageId, Date.parse(createdAt))}
          onClose={panel.close}
        />
      )}
      {isLoading ? (
        <Loading connection={chat.connection} />
      ) : (
        <TranscriptContext value={tools}>
          <ModelNames value={names}>
            <Transcript chat={chat} query={panel.search.query} />
          </ModelNames>
        </TranscriptContext>
      )}
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4 sm:pb-4 print:hidden">
        <Composer
          text={text}
          onChange={setText}
          onSend={() => {
            const files = attachments.list.flatMap(({ sent }) => (sent === null ? [] : [sent]));
            actions.ask(text.trim(), files, model);
            setText("");
            attachments.clear();
          }}
          onStop={stop}
          blocked={canAsk(chat) ? "" : "Too many questions are waiting here"}
          hint={toHint(chat)}
          choice={choice}
          attachments={attachments}
          boxRef={boxRef}
        />
      </div>
    </DropZone>
  );
}
