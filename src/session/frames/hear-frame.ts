/**
 * Hands a frame to its chat. Whatever breaks on it (storage that is away, a bug of ours) is told to whoever waits: nothing
 * else would come to a client whose frame came to nothing, and it would wait for ever. Rule SE266.
 */
import type { Log } from "../../base/log.ts";
import type { LiveClientFrame } from "../../protocol/session-frame.ts";
import type { ChatSocket } from "../turn/live-turn.ts";
import { logBug } from "../log-bug.ts";
import { refuse } from "./send-frame.ts";

const BROKEN = "Something went wrong here. Try again.";

/** `take` gives a promise where the frame is not done with at once. Never throws, never rejects. */
export function hearFrame(
  take: (socket: ChatSocket, frame: LiveClientFrame) => Promise<void> | null,
  socket: ChatSocket,
  frame: LiveClientFrame,
  log: Log,
): Promise<void> | null {
  const tell = (error: unknown): void => {
    const requestId = "requestId" in frame ? frame.requestId : null;
    logBug(log, requestId ?? "", error);
    if (requestId !== null && frame.type !== "ack") refuse(socket, requestId, BROKEN);
  };
  try {
    return take(socket, frame)?.catch(tell) ?? null;
  } catch (error) {
    tell(error);
    return null;
  }
}
