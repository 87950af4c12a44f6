/** Keeps which answer a reader has left before its end: one key of the object's, written when that happens. Rule HT283. */
import type { LeftAnswer } from "./chat-streams.ts";

const KEY = "left-answer";

/** `isThere` says whether the chat is: of a deleted one nothing is kept. */
export function toLeftAnswer({ kv }: Pick<DurableObjectStorage, "kv">, isThere: () => boolean): LeftAnswer {
  return {
    read: () => {
      const messageId: unknown = kv.get(KEY);
      return typeof messageId === "string" ? messageId : null;
    },
    write: (messageId) => {
      if (isThere()) kv.put(KEY, messageId);
    },
  };
}
