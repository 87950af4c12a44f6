/**
 * The list of chats as far as it is loaded. It may be long: what has changed since is read from its newest page alone,
 * and what is done to a chat here is done to the list at once. Pure but for the last three. Rule WB137.
 */
import type { QueryClient } from "@tanstack/react-query";
import type { SessionList, SessionSummary } from "../../../src/protocol/session-api.ts";

const toMs = ({ updatedAt }: SessionSummary): number => Date.parse(updatedAt);

/**
 * The list with its newest page read anew. What that page reaches down to is as it says, a chat that is gone included;
 * below it nothing can have changed, since a chat that changes comes to the top. When more has changed than one page
 * holds there may be a gap, and the list begins again.
 */
export function putNewest(before: SessionList | undefined, newest: SessionList): SessionList {
  const last = newest.sessions.at(-1);
  if (before === undefined || newest.nextCursor === null || last === undefined) return newest;
  const lastMs = toMs(last);
  if (before.sessions.every((session) => toMs(session) < lastMs)) return newest;
  const known = new Set(newest.sessions.map(({ id }) => id));
  const below = before.sessions.filter((session) => !known.has(session.id) && toMs(session) <= lastMs);
  if (below.length === 0) return newest;
  return { sessions: [...newest.sessions, ...below], nextCursor: before.nextCursor };
}

/** The list with a page of older ones, unless it has changed so much that the page does not belong to its end. */
export function putOlder(
  before: SessionList | undefined,
  cursor: string,
  older: SessionList,
): SessionList | undefined {
  if (before?.nextCursor !== cursor) return before;
  const known = new Set(before.sessions.map(({ id }) => id));
  return {
    sessions: [...before.sessions, ...older.sessions.filter(({ id }) => !known.has(id))],
    nextCursor: older.nextCursor,
  };
}

/** In the cache each search has its list under this and its words. */
export const SESSIONS_KEY = ["sessions"] as const;

function changeLists(
  client: QueryClient,
  change: (sessions: readonly SessionSummary[]) => SessionSummary[],
): void {
  client.setQueriesData<SessionList>({ queryKey: SESSIONS_KEY }, (list) =>
    list === undefined ? list : { ...list, sessions: change(list.sessions) },
  );
}

/** Reads the newest page again. */
export async function refreshSessions(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: SESSIONS_KEY });
}

/** A chat that was renamed: far down the list nobody reads it again. */
export async function retitleSession(client: QueryClient, id: string, title: string): Promise<void> {
  changeLists(client, (all) => all.map((one) => (one.id === id ? { ...one, title } : one)));
  await refreshSessions(client);
}

/** A chat that was deleted. */
export async function dropSession(client: QueryClient, id: string): Promise<void> {
  changeLists(client, (all) => all.filter((one) => one.id !== id));
  await refreshSessions(client);
}
