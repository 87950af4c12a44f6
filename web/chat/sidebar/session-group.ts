/** Chats under the headings of the list: today, yesterday, this week, this month, then by month. Pure. */
import type { SessionSummary } from "../../../src/protocol/session-api.ts";

export interface SessionGroup {
  readonly heading: string;
  readonly sessions: readonly SessionSummary[];
}

const DAY_MS = 86_400_000;

function startOfDayMs(atMs: number): number {
  const date = new Date(atMs);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function toHeading(atMs: number, nowMs: number): string {
  // Rounded, since a day in which the clocks change has 23 or 25 hours.
  const days = Math.round((startOfDayMs(nowMs) - startOfDayMs(atMs)) / DAY_MS);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days <= 7) return "Previous 7 days";
  if (days <= 30) return "Previous 30 days";
  return new Date(atMs).toLocaleDateString("en-US", { month: "long", year: "numeric" });
}

/** Groups by the day of the last change, in the reader's time zone; newest first, each heading once. */
export function groupSessions(sessions: readonly SessionSummary[], nowMs: number): SessionGroup[] {
  const newestFirst = sessions.toSorted((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt));
  const groups = new Map<string, SessionSummary[]>();
  for (const session of newestFirst) {
    const heading = toHeading(Date.parse(session.updatedAt), nowMs);
    const group = groups.get(heading);
    if (group === undefined) groups.set(heading, [session]);
    else group.push(session);
  }
  return [...groups].map(([heading, members]) => ({ heading, sessions: members }));
}
