/**
 * Of a client's copy of the chat, which AI SDK's clients bring with each question, what a chat looks at: the newest
 * messages, the last question, and whichever message is named. The rest is its own, and is not read. Pure. Rules SE230, SE277.
 */
import { MAX_COPY_MESSAGES } from "../../protocol/session-frame.ts";
import { isObject } from "../../providers/is-object.ts";

/** Behind an answer that waits for words, a few questions may wait with theirs. */
const NEWEST = 50;

/** The frame with as many of its messages, before it is parsed; anything else as it is. */
export function trimCopy(frame: unknown): unknown {
  if (!isObject(frame) || frame["type"] !== "send" || !Array.isArray(frame["messages"])) return frame;
  const messages: unknown[] = frame["messages"];
  // Too many are refused by whoever parses it.
  if (messages.length <= NEWEST || messages.length > MAX_COPY_MESSAGES) return frame;
  const { messageId } = frame;
  const asked = messages.findLastIndex((message) => isObject(message) && message["role"] === "user");
  const first = messages.length - NEWEST;
  const from = asked === -1 ? first : Math.min(asked, first);
  const isNamed = (message: unknown): boolean =>
    messageId !== undefined && isObject(message) && message["id"] === messageId;
  return { ...frame, messages: messages.filter((message, index) => index >= from || isNamed(message)) };
}
