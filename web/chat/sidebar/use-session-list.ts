/** The list of chats for React: the newest page is read again and again, older ones once, when they are asked for. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SessionList } from "../../../src/protocol/session-api.ts";
import { readSessions, toErrorText } from "../../api.ts";
import { useToaster } from "../../ui/toast.tsx";
import { putNewest, putOlder, SESSIONS_KEY } from "./session-list.ts";

/** What a search found; all chats when it is empty. */
export function useSessionList(search: string) {
  const client = useQueryClient();
  const { complain } = useToaster();
  const queryKey = [...SESSIONS_KEY, search];
  const query = useQuery({
    queryKey,
    queryFn: async () => {
      const newest = await readSessions(search, null);
      return putNewest(client.getQueryData<SessionList>(queryKey), newest);
    },
    placeholderData: keepPreviousData,
  });
  const { mutate, isPending } = useMutation({
    mutationFn: (cursor: string) => readSessions(search, cursor),
    onSuccess: (older, cursor) => {
      client.setQueryData<SessionList>(queryKey, (before) => putOlder(before, cursor, older));
    },
    onError: (error) => complain(toErrorText(error)),
  });
  // What is shown while another search runs is not its own.
  const cursor = query.isPlaceholderData ? null : (query.data?.nextCursor ?? null);
  return {
    sessions: query.data?.sessions,
    error: query.error,
    refetch: query.refetch,
    isLoadingOlder: isPending,
    /** Null when there are none. */
    loadOlder: cursor === null ? null : () => (isPending ? undefined : mutate(cursor)),
  };
}
