/** Searching in one chat: what is typed, what the server found, which of it is chosen. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SessionSearchHit } from "../../../src/protocol/session-api.ts";
import { searchSession } from "../../api.ts";
import { useSettled } from "../../ui/page-hook.ts";

/** A pause in typing; a search per letter would only make noise. */
const SEARCH_AFTER_MS = 200;

export interface ChatSearch {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** What the hits are of. */
  readonly query: string;
  readonly hits: readonly SessionSearchHit[];
  readonly state: "idle" | "searching" | "done" | "failed";
  readonly error: unknown;
  readonly retry: () => void;
}

/** `isOpen` false searches for nothing; what was typed stays. */
export function useChatSearch(sessionId: string, isOpen: boolean): ChatSearch {
  const [text, setText] = useState("");
  const settled = useSettled(text.trim(), SEARCH_AFTER_MS);
  const query = isOpen ? settled : "";
  const found = useQuery({
    queryKey: ["chat-search", sessionId, query],
    queryFn: () => searchSession(sessionId, query),
    enabled: query !== "",
    placeholderData: keepPreviousData,
    // The chat goes on meanwhile.
    staleTime: 0,
  });
  const isWaiting = text.trim() !== settled || found.isPlaceholderData || found.isPending;
  const state = query === "" ? "idle" : found.isError ? "failed" : isWaiting ? "searching" : "done";
  return {
    text,
    setText,
    query,
    hits: query === "" ? [] : (found.data?.hits ?? []),
    state,
    error: found.error,
    retry: () => void found.refetch(),
  };
}
