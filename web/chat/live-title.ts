/**
 * The title of the open chat as its socket tells it. The list of chats reads the database, which learns of a new
 * title by way of a queue, seconds later: until then the row of the open chat shows this one.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** By then the queue has been through; a reader does not look at the order of the list sooner. */
const LIST_CATCHES_UP_MS = 3_000;
const NONE = "";
const toKey = (sessionId: string): readonly string[] => ["live-title", sessionId];

/** The live title of a chat, or empty when it is not open here. */
export function useLiveTitle(sessionId: string): string {
  const { data } = useQuery({
    queryKey: toKey(sessionId),
    queryFn: () => NONE,
    enabled: false,
    initialData: NONE,
  });
  return data;
}

/**
 * Tells the list the title of the open chat at once, and has the list read again once the database must know what
 * `change` stands for.
 */
export function usePublishTitle(sessionId: string, title: string, change: unknown): void {
  const client = useQueryClient();
  useEffect(() => {
    client.setQueryData(toKey(sessionId), title);
    return () => {
      client.setQueryData(toKey(sessionId), NONE);
    };
  }, [client, sessionId, title]);
  useEffect(() => {
    const timer = setTimeout(
      () => void client.invalidateQueries({ queryKey: ["sessions"] }),
      LIST_CATCHES_UP_MS,
    );
    return () => clearTimeout(timer);
  }, [client, title, change]);
}
