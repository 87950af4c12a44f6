/** The side of the chat: a new chat, a search, the list of chats by day, and the account at its foot. */
import { useState } from "react";
import { NotePencilIcon } from "@phosphor-icons/react/dist/csr/NotePencil";
import { Link } from "wouter";
import { AccountMenu } from "../../account/account-menu.tsx";
import { toErrorText } from "../../api.ts";
import { Button } from "../../ui/button.tsx";
import { Logo } from "../../ui/logo.tsx";
import { useFocusAfterRemoval, useNow, useSettled } from "../../ui/page-hook.ts";
import { SkeletonLines } from "../../ui/page-state.tsx";
import { groupSessions } from "./session-group.ts";
import { SessionRow } from "./session-row.tsx";
import { useSessionList } from "./use-session-list.ts";

/** A pause in typing; a search per letter would only make noise. */
const SEARCH_AFTER_MS = 250;
/** Headings change at midnight; a minute late does no harm. */
const NOW_EVERY_MS = 60_000;
/** Stands for the button that shows older chats among the ids of what is in the list. */
const OLDER = "older";

interface SidebarProps {
  readonly currentId: string | null;
  readonly onChoose: () => void;
}

interface SessionListProps extends SidebarProps {
  readonly search: string;
  readonly list: ReturnType<typeof useSessionList>;
}

function SessionList({ currentId, onChoose, search, list }: SessionListProps) {
  const nowMs = useNow(NOW_EVERY_MS);
  const { sessions, error, refetch, isLoadingOlder, loadOlder } = list;
  if (sessions === undefined) {
    if (error === null) return <SkeletonLines count={6} />;
    return (
      <div role="alert" className="p-2 text-sm text-ink-soft">
        <p className="mb-2">{toErrorText(error)}</p>
        <Button small onClick={() => void refetch()}>
          Try again
        </Button>
      </div>
    );
  }
  if (sessions.length === 0) {
    return (
      <p className="px-2.5 py-2 text-sm text-ink-faint">
        {search === "" ? "No chats yet." : "No chat by that name."}
      </p>
    );
  }
  return (
    <>
      {groupSessions(sessions, nowMs).map(({ heading, sessions: members }) => (
        <section key={heading} aria-label={heading} className="mb-3">
          <h3 className="eyebrow px-2.5 py-1">{heading}</h3>
          <ul>
            {members.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                isCurrent={session.id === currentId}
                onChoose={onChoose}
              />
            ))}
          </ul>
        </section>
      ))}
      {loadOlder !== null && (
        <Button
          small
          look="quiet"
          // Not disabled, which would lose the focus.
          aria-disabled={isLoadingOlder}
          onClick={loadOlder}
        >
          Show older chats
        </Button>
      )}
    </>
  );
}

/** The whole side, for the column of a desktop and for the drawer of a phone. */
export function Sidebar({ currentId, onChoose }: SidebarProps) {
  const [search, setSearch] = useState("");
  const settled = useSettled(search.trim(), SEARCH_AFTER_MS);
  const list = useSessionList(settled);
  const listRef = useFocusAfterRemoval<HTMLElement>(
    (list.sessions ?? [])
      .map(({ id }) => id)
      // The button below them goes away too.
      .concat(list.loadOlder === null ? [] : [OLDER]),
  );
  return (
    // Where the window is too low for all of it (a page that is zoomed), the whole side is scrolled.
    <div className="flex h-full flex-col overflow-y-auto">
      <div className="flex h-14 shrink-0 items-center gap-2.5 px-4">
        <Logo size={26} />
        <span className="font-semibold tracking-tight">Breakwater</span>
      </div>
      <div className="flex flex-col gap-2 px-2 pb-2">
        <Link
          href="/"
          onClick={onChoose}
          className="flex h-10 items-center justify-center gap-2 rounded-lg bg-accent text-sm font-medium text-on-accent hover:bg-accent-strong"
        >
          <NotePencilIcon aria-hidden size={18} />
          New chat
        </Link>
        <input
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          aria-label="Search chats"
          placeholder="Search chats"
          className="field py-1.5! text-sm!"
        />
      </div>
      <nav
        ref={listRef}
        tabIndex={-1}
        aria-label="Chats"
        className="min-h-40 flex-1 overflow-y-auto px-2 pt-1 -outline-offset-2!"
      >
        <SessionList currentId={currentId} onChoose={onChoose} search={settled} list={list} />
      </nav>
      <AccountMenu />
    </div>
  );
}
