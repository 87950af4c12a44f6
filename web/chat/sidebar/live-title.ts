/**
 * The title of a chat as its socket told it. The list of chats reads the database, which learns of a new title by
 * way of a queue, seconds later: until it has, the chat's row shows this one, also after the reader went elsewhere.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { SessionList } from "../../../src/protocol/session-api.ts";
import { refreshSessions, retitleSession, SESSIONS_KEY } from "./session-list.ts";

/** By then the queue has been through; a reader does not look at the order of the list sooner. */
const LIST_CATCHES_UP_MS = 3_000;
/** After so many looks at a list that says otherwise the list is right: somebody renamed the chat elsewhere. */
const MAX_LOOKS = 3;

interface LiveTitle {
  readonly title: string;
  readonly isOpen: boolean;
}
const NONE: LiveTitle = { title: "", isOpen: false };
const toKey = (sessionId: string): readonly string[] => ["live-title", sessionId];

/** The live title of a chat, or empty when the list knows as much. */
export function useLiveTitle(sessionId: string): string {
  const { data } = useQuery({
    queryKey: toKey(sessionId),
    queryFn: () => NONE,
    enabled: false,
    initialData: NONE,
    // A title that nobody shows for a moment (the drawer is closed) must not be forgotten.
    gcTime: Number.POSITIVE_INFINITY,
  });
  return data.title;
}

/** Whether the list, as far as it is loaded, has this title for the chat. */
function listHasTitle(client: QueryClient, sessionId: string, title: string): boolean {
  const lists = client.getQueriesData<SessionList>({ queryKey: SESSIONS_KEY });
  return lists.some(([, list]) =>
    list?.sessions.some((session) => session.id === sessionId && session.title === title),
  );
}

/** Reads the list until it has the title that was told, then leaves the row to it. */
function handOver(client: QueryClient, sessionId: string, look: number): void {
  setTimeout(() => {
    void refreshSessions(client).then(() => {
      const live = client.getQueryData<LiveTitle>(toKey(sessionId)) ?? NONE;
      if (live.isOpen || live.title === "") return;
      if (look >= MAX_LOOKS || listHasTitle(client, sessionId, live.title))
        client.setQueryData(toKey(sessionId), NONE);
      else handOver(client, sessionId, look + 1);
    });
  }, LIST_CATCHES_UP_MS);
}

/**
 * Tells the list the title of the open chat at once, and has the list read again once the database must know what
 * `change` stands for.
 */
export function usePublishTitle(sessionId: string, title: string, change: string): void {
  const client = useQueryClient();
  useEffect(() => {
    // Before the first hello nothing is known: what was told last time still stands.
    client.setQueryData<LiveTitle>(toKey(sessionId), (live = NONE) => ({
      title: title === "" ? live.title : title,
      isOpen: true,
    }));
  }, [client, sessionId, title]);
  useEffect(
    () => () => {
      const live = client.getQueryData<LiveTitle>(toKey(sessionId)) ?? NONE;
      client.setQueryData<LiveTitle>(toKey(sessionId), { ...live, isOpen: false });
      // Where its row is read again the database has the last word; far down the list this one stays.
      if (live.title !== "") void retitleSession(client, sessionId, live.title);
      handOver(client, sessionId, 1);
    },
    [client, sessionId],
  );
  useEffect(() => {
    const timer = setTimeout(() => void refreshSessions(client), LIST_CATCHES_UP_MS);
    return () => clearTimeout(timer);
  }, [client, title, change]);
}
