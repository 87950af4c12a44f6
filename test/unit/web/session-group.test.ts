/** The headings of the list of chats. Rule WB37. */
import { expect, it } from "vitest";
import { groupSessions } from "../../../web/chat/sidebar/session-group.ts";

/** In the zone of whoever runs this: the headings go by the reader's days. */
const NOW = new Date(2026, 10, 20, 12, 0, 0);
const at = (daysAgo: number, hour: number) => {
  const updatedAt = new Date(2026, 10, 20 - daysAgo, hour).toISOString();
  return { id: `${daysAgo}-${hour}`, title: "t", createdAt: updatedAt, updatedAt };
};

it("[WB37] groups by the reader's days, newest first, each heading once", () => {
  const sessions = [
    at(8, 1),
    at(0, 0),
    at(1, 23),
    at(0, 11),
    at(1, 0),
    at(7, 9),
    at(31, 9),
    at(30, 9),
    at(400, 9),
  ];
  const groups = groupSessions(sessions, NOW.getTime());
  expect(groups.map(({ heading, sessions: members }) => [heading, members.map(({ id }) => id)])).toEqual([
    ["Today", ["0-11", "0-0"]],
    ["Yesterday", ["1-23", "1-0"]],
    ["Previous 7 days", ["7-9"]],
    ["Previous 30 days", ["8-1", "30-9"]],
    ["October 2026", ["31-9"]],
    ["October 2025", ["400-9"]],
  ]);
});

it("[WB37] calls a chat of a moment ahead of our clock today's", () => {
  expect(groupSessions([at(-1, 0)], NOW.getTime())[0]?.heading).toBe("Today");
  expect(groupSessions([], NOW.getTime())).toEqual([]);
});
