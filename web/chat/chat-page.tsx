/** The chat pages: the list of chats at the side, one chat or a new one beside it. */
import { useState } from "react";
import { AccountGate, useAccount } from "../account/account-gate.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useMediaQuery } from "../ui/page-hook.ts";
import { ChatView } from "./chat-view.tsx";
import { NewChat } from "./sidebar/new-chat.tsx";
import { SandboxBanner } from "./sandbox-banner.tsx";
import { Sidebar } from "./sidebar/sidebar.tsx";

interface ChatPageProps {
  /** Null for a new chat. */
  readonly sessionId: string | null;
}

function ChatFrame({ sessionId }: ChatPageProps) {
  const account = useAccount();
  const isWide = useMediaQuery("(min-width: 768px)");
  const [isSideShown, setIsSideShown] = useState(true);
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  const toggle = (): void => (isWide ? setIsSideShown((was) => !was) : setIsDrawerOpen(true));
  const closeDrawer = (): void => setIsDrawerOpen(false);
  return (
    <div className="flex h-dvh print:block print:h-auto">
      {isWide && isSideShown && (
        <aside aria-label="Sidebar" className="w-70 shrink-0 border-r border-line bg-surface print:hidden">
          <Sidebar currentId={sessionId} onChoose={closeDrawer} />
        </aside>
      )}
      {!isWide && isDrawerOpen && (
        <Dialog title="Chats" shape="drawer" onClose={closeDrawer}>
          <Sidebar currentId={sessionId} onChoose={closeDrawer} />
        </Dialog>
      )}
      {/* In a very low window, as on a page that is zoomed to 400 %, the messages keep some room and the rest is scrolled. */}
      <main className="flex min-w-0 flex-1 flex-col print:block [@media(max-height:20rem)]:overflow-y-auto">
        {account.sandbox && <SandboxBanner />}
        {sessionId === null ? (
          <NewChat onToggleSidebar={toggle} />
        ) : (
          <ChatView key={sessionId} sessionId={sessionId} onToggleSidebar={toggle} />
        )}
      </main>
    </div>
  );
}

/** For signed-in people. */
export function ChatPage({ sessionId }: ChatPageProps) {
  return (
    <AccountGate>
      <ChatFrame sessionId={sessionId} />
    </AccountGate>
  );
}
