/** The list of chats as far as it is loaded. Rule WB137. */
import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import type { SessionList } from "../../../src/protocol/session-api.ts";
import {
  dropSession,
  putNewest,
  putOlder,
  refreshSessions,
  retitleSession,
} from "../../../web/chat/sidebar/session-list.ts";

/** Chats by the minute of their last change, newest first; `c7` was changed last in minute 7 unless it says so. */
const list = (
  chats: readonly (number | [number, number])[],
  nextCursor: string | null = "more",
): SessionList => ({
  sessions: chats.map((chat) => {
    const [name, minute] = typeof chat === "number" ? [chat, chat] : chat;
    const at = new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString();
    return { id: `c${name}`, title: `Chat ${name}`, createdAt: at, updatedAt: at };
  }),
  nextCursor,
});
const idsOf = ({ sessions }: SessionList): string => sessions.map(({ id }) => id).join(" ");

it("[WB137] what came to the top is there once, and what is below stays with the place where older ones begin", () => {
  const before = list([9, 8, 7, 6, 5, 4], "below 4");
  const after = putNewest(before, list([[5, 10], 9, 8], "below 8"));
  expect(idsOf(after)).toBe("c5 c9 c8 c7 c6 c4");
  expect(after.nextCursor).toBe("below 4");
});

it("[WB137] a chat that is gone from the newest page is gone, and the first page alone is what was read", () => {
  const before = list([9, 8, 7, 6, 5], "below 5");
  expect(idsOf(putNewest(before, list([9, 7, 6], "below 6")))).toBe("c9 c7 c6 c5");
  expect(putNewest(before, list([9, 8], null))).toEqual(list([9, 8], null));
  expect(putNewest(undefined, before)).toBe(before);
});

it("[WB137] where more has changed than one page holds the list begins again", () => {
  const newest = list([20, 19, 18], "below 18");
  expect(putNewest(list([9, 8, 7, 6]), newest)).toBe(newest);
});

it("[WB137] a page of older ones follows the end it was asked for", () => {
  const before = list([9, 8, 7], "below 7");
  expect(putOlder(before, "below 7", list([7, 6, 5], null))).toEqual(list([9, 8, 7, 6, 5], null));
  expect(putOlder(before, "below 4", list([3]))).toBe(before);
  expect(putOlder(undefined, "below 4", list([3]))).toBeUndefined();
});

it("[WB137] a chat that is renamed or deleted is so in each list, and nothing but the newest page is read", async () => {
  const client = new QueryClient();
  const key = ["sessions", ""];
  const reads: string[] = [];
  client.setQueryDefaults(key, {
    queryFn: () => {
      reads.push("newest");
      return putNewest(client.getQueryData<SessionList>(key), list([9, 8]));
    },
  });
  client.setQueryData(key, list([9, 8, 7, 6]));
  const titles = (): string[] | undefined =>
    client.getQueryData<SessionList>(key)?.sessions.map(({ title }) => title);
  await retitleSession(client, "c6", "Tides");
  expect(titles()).toEqual(["Chat 9", "Chat 8", "Chat 7", "Tides"]);
  await dropSession(client, "c7");
  expect(titles()).toEqual(["Chat 9", "Chat 8", "Tides"]);
  await refreshSessions(client);
  await client.refetchQueries({ queryKey: key });
  expect(titles()).toEqual(["Chat 9", "Chat 8", "Tides"]);
  // Nobody looks at it: it was read once, when that was asked for, and by then it was out of date.
  expect(reads).toEqual(["newest"]);
  client.clear();
});
