/** The head of a chat: the way to the list on phones, the title, whether it is live. */
import { useState } from "react";
import { PencilSimpleIcon } from "@phosphor-icons/react/dist/csr/PencilSimple";
import { SidebarSimpleIcon } from "@phosphor-icons/react/dist/csr/SidebarSimple";
import type { ChatState } from "../session/chat-view.ts";
import { IconButton } from "../ui/button.tsx";
import { LivePill } from "../ui/live-pill.tsx";
import { TitleField } from "./session-title.tsx";

interface ChatHeaderProps {
  /** Null on the page of a new chat. */
  readonly state: ChatState | null;
  readonly onToggleSidebar: () => void;
}

function Title({ sessionId, title }: { readonly sessionId: string; readonly title: string }) {
  const [isEditing, setIsEditing] = useState(false);
  if (isEditing) return <TitleField sessionId={sessionId} title={title} onDone={() => setIsEditing(false)} />;
  return (
    <div className="flex min-w-0 flex-1 items-center gap-1">
      <h1 className="truncate text-[15px] font-semibold tracking-tight">{title}</h1>
      {title !== "" && (
        <IconButton small label="Rename chat" onClick={() => setIsEditing(true)}>
          <PencilSimpleIcon aria-hidden size={15} />
        </IconButton>
      )}
    </div>
  );
}

/** The bar above the messages. */
export function ChatHeader({ state, onToggleSidebar }: ChatHeaderProps) {
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line px-2 sm:px-3">
      <IconButton label="Toggle sidebar" onClick={onToggleSidebar}>
        <SidebarSimpleIcon aria-hidden size={20} />
      </IconButton>
      {state === null ? (
        <p className="flex-1 text-[15px] font-semibold tracking-tight">New chat</p>
      ) : (
        <>
          <Title sessionId={state.sessionId} title={state.title} />
          <LivePill connection={state.connection} presence={state.presence} />
        </>
      )}
    </header>
  );
}
