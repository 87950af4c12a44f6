/** What the bench's entries have counted (bench/workers/session.ts, ai-chat-agent.ts), as sums over all their objects. */
import { z } from "zod";

const ObjectCounts = z.object({
  rowsRead: z.number(),
  rowsWritten: z.number(),
  requests: z.number(),
  messages: z.number(),
});
const CountsBody = z.object({
  /** The chat's object first; then whatever else the system keeps. */
  objects: z.tuple([ObjectCounts], ObjectCounts),
  d1: z.object({ rowsRead: z.number(), rowsWritten: z.number() }),
  queueMessages: z.number(),
});

export interface Counts {
  /** Of the chat's own object. */
  readonly chatRowsRead: number;
  readonly chatRowsWritten: number;
  /** Of every object, the chat's included. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly objectRequests: number;
  readonly socketMessages: number;
  readonly databaseRowsRead: number;
  readonly databaseRowsWritten: number;
  readonly queueMessages: number;
}

/** Since it was last asked. `url` is the Worker's, without a slash at its end. */
export async function takeCounts(url: string): Promise<Counts> {
  const response = await fetch(`${url}/bench/take-counts`);
  const { objects, d1, queueMessages } = CountsBody.parse(await response.json());
  const sum = (key: keyof z.infer<typeof ObjectCounts>): number =>
    objects.reduce((total, object) => total + object[key], 0);
  return {
    chatRowsRead: objects[0].rowsRead,
    chatRowsWritten: objects[0].rowsWritten,
    rowsRead: sum("rowsRead"),
    rowsWritten: sum("rowsWritten"),
    objectRequests: sum("requests"),
    socketMessages: sum("messages"),
    databaseRowsRead: d1.rowsRead,
    databaseRowsWritten: d1.rowsWritten,
    queueMessages,
  };
}

/** Each count by itself: `combine` of the same count of both. */
export function combineCounts(
  left: Counts,
  right: Counts,
  combine: (left: number, right: number) => number,
): Counts {
  return {
    chatRowsRead: combine(left.chatRowsRead, right.chatRowsRead),
    chatRowsWritten: combine(left.chatRowsWritten, right.chatRowsWritten),
    rowsRead: combine(left.rowsRead, right.rowsRead),
    rowsWritten: combine(left.rowsWritten, right.rowsWritten),
    objectRequests: combine(left.objectRequests, right.objectRequests),
    socketMessages: combine(left.socketMessages, right.socketMessages),
    databaseRowsRead: combine(left.databaseRowsRead, right.databaseRowsRead),
    databaseRowsWritten: combine(left.databaseRowsWritten, right.databaseRowsWritten),
    queueMessages: combine(left.queueMessages, right.queueMessages),
  };
}
