/** A chat that somebody shared, for whoever has the link: to read, without signing in, and not for search engines. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { LinkBreakIcon } from "@phosphor-icons/react/dist/csr/LinkBreak";
import { ChatCircleIcon } from "@phosphor-icons/react/dist/csr/ChatCircle";
import { Link } from "wouter";
import type { SharedChat } from "../../src/protocol/session-api.ts";
import { ApiError, readSharedChat } from "../api.ts";
import { RowColumn } from "../chat/transcript/row-list.tsx";
import { guessRowHeight } from "../chat/transcript/row-size.ts";
import { useRowList } from "../chat/transcript/use-row-list.ts";
import { Logo } from "../ui/logo.tsx";
import { usePageTitle } from "../ui/page-hook.ts";
import { EmptyState, ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { ThemeButton } from "../ui/theme-button.tsx";
import { SharedMessage } from "./shared-message.tsx";
import { toSharedRows } from "./shared-row.ts";

/** Keeps the page out of search engines for as long as it is shown. */
function useNoIndex(): void {
  useEffect(() => {
    const meta = document.createElement("meta");
    meta.name = "robots";
    meta.content = "noindex, nofollow";
    document.head.append(meta);
    return () => meta.remove();
  }, []);
}

function useSharedChat(token: string) {
  return useInfiniteQuery({
    queryKey: ["shared", token],
    queryFn: ({ pageParam }) => readSharedChat(token, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.hasOlder ? (page.messages[0]?.id ?? null) : null),
    // Read as it is now; what is added later is there after a reload.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function Head({ title }: { readonly title: string }) {
  return (
    <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-3 sm:px-4 print:h-auto print:border-0 print:px-0">
      <Link href="/" aria-label="Breakwater" className="shrink-0 rounded-lg print:hidden">
        <Logo size={26} />
      </Link>
      <div className="min-w-0 flex-1">
        <h1 className="truncate text-[15px] font-semibold tracking-tight print:text-2xl print:whitespace-normal">
          {title}
        </h1>
        <p className="truncate text-xs text-ink-faint print:hidden">A shared chat, to read</p>
      </div>
      <Link
        href="/"
        className="flex h-9 shrink-0 items-center gap-1.5 rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink print:hidden"
      >
        <ChatCircleIcon aria-hidden size={18} />
        <span className="max-sm:sr-only">Start your own</span>
      </Link>
      <ThemeButton />
    </header>
  );
}

interface SharedTranscriptProps {
  readonly pages: readonly SharedChat[];
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  readonly onNearTop: () => void;
}

function SharedTranscript({ pages, hasOlder, isLoadingOlder, onNearTop }: SharedTranscriptProps) {
  const rows = useMemo(() => toSharedRows(pages), [pages]);
  const list = useRowList({ rows, guessHeight: guessRowHeight, hasOlder, onNearTop });
  return (
    <RowColumn rows={rows} list={list} hasOlder={hasOlder} isLoadingOlder={isLoadingOlder}>
      {(row) => (row.kind === "message" ? <SharedMessage message={row.message} /> : null)}
    </RowColumn>
  );
}

function Body({ token }: { readonly token: string }) {
  const shared = useSharedChat(token);
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = shared;
  const loadOlder = useCallback(() => {
    if (!isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage, isFetchNextPageError]);
  const title = shared.data?.pages[0]?.title ?? "";
  usePageTitle(title === "" ? "Shared chat" : title);
  if (shared.data === undefined) {
    const isGone = shared.error instanceof ApiError && shared.error.status === 404;
    return (
      <>
        <Head title="Shared chat" />
        <div className="mx-auto w-full max-w-3xl flex-1 p-4">
          {shared.error === null && <SkeletonLines count={5} className="h-16" />}
          {isGone && (
            <EmptyState
              icon={<LinkBreakIcon aria-hidden size={40} />}
              title="This link does not work, or not any more"
            >
              <p>The chat may have been deleted, or whoever shared it has taken the link back.</p>
            </EmptyState>
          )}
          {shared.error !== null && !isGone && (
            <ErrorState error={shared.error} onRetry={() => void shared.refetch()} />
          )}
        </div>
      </>
    );
  }
  const isEmpty = shared.data.pages.every(({ messages }) => messages.length === 0);
  return (
    <>
      <Head title={title} />
      {isEmpty ? (
        <EmptyState
          icon={<ChatCircleIcon aria-hidden size={40} />}
          title="Nothing has been said in this chat yet"
        />
      ) : (
        <SharedTranscript
          pages={shared.data.pages}
          hasOlder={hasNextPage}
          isLoadingOlder={isFetchingNextPage}
          onNearTop={loadOlder}
        />
      )}
    </>
  );
}

/** The page behind a link. */
export function SharedPage({ token }: { readonly token: string }) {
  useNoIndex();
  return (
    <main className="flex h-dvh flex-col print:block print:h-auto">
      <Body token={token} />
    </main>
  );
}
