/** The head of a chat: the way to the list on phones, the title, whether it is live, the search and the menu. */
import { useState } from "react";
import type { Ref } from "react";
import { MagnifyingGlassIcon } from "@phosphor-icons/react/dist/csr/MagnifyingGlass";
import { PencilSimpleIcon } from "@phosphor-icons/react/dist/csr/PencilSimple";
import { SidebarSimpleIcon } from "@phosphor-icons/react/dist/csr/SidebarSimple";
import type { SettledChat } from "../session/settled-chat.ts";
import { IconButton } from "../ui/button.tsx";
import { LivePill } from "../ui/live-pill.tsx";
import { ChatMenu } from "./sidebar/chat-menu.tsx";
import { useFocusAfter } from "../ui/page-hook.ts";
import { TitleField } from "./sidebar/session-title.tsx";

interface ChatHeaderProps {
  /** Null on the page of a new chat, and of one that is gone. */
  readonly chat: SettledChat | null;
  readonly onToggleSidebar: () => void;
  readonly onSearch?: () => void;
  readonly searchButton?: Ref<HTMLButtonElement>;
}

interface TitleProps {
  readonly sessionId: string;
  readonly title: string;
  readonly isEditing: boolean;
  readonly onEdit: (isEditing: boolean) => void;
}

function Title({ sessionId, title, isEditing, onEdit }: TitleProps) {
  const buttonRef = useFocusAfter(isEditing);
  if (isEditing) return <TitleField sessionId={sessionId} title={title} onDone={() => onEdit(false)} />;
  return (
    <div className="flex min-w-0 flex-1 items-center gap-1">
      <h1 className="truncate text-[15px] font-semibold tracking-tight print:text-2xl print:whitespace-normal">
        {title}
      </h1>
      {title !== "" && (
        // On a phone the menu has it.
        <IconButton
          ref={buttonRef}
          small
          label="Rename chat"
          className="max-sm:hidden!"
          onClick={() => onEdit(true)}
        >
          <PencilSimpleIcon aria-hidden size={15} />
        </IconButton>
      )}
    </div>
  );
}

/** The bar above the messages. */
export function ChatHeader({ chat, onToggleSidebar, onSearch, searchButton }: ChatHeaderProps) {
  const [isEditing, setIsEditing] = useState(false);
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 border-b border-line px-2 sm:gap-2 sm:px-3 print:h-auto print:border-0 print:px-0">
      <IconButton label="Toggle sidebar" onClick={onToggleSidebar}>
        <SidebarSimpleIcon aria-hidden size={20} />
      </IconButton>
      {chat === null ? (
        <p className="flex-1 text-[15px] font-semibold tracking-tight">New chat</p>
      ) : (
        <>
          <Title sessionId={chat.sessionId} title={chat.title} isEditing={isEditing} onEdit={setIsEditing} />
          <LivePill connection={chat.connection} presence={chat.presence} />
          <IconButton
            ref={searchButton}
            label="Search in this chat"
            aria-keyshortcuts="Control+F Meta+F"
            onClick={onSearch}
          >
            <MagnifyingGlassIcon aria-hidden size={19} />
          </IconButton>
          <ChatMenu sessionId={chat.sessionId} title={chat.title} onRename={() => setIsEditing(true)} />
        </>
      )}
    </header>
  );
}
