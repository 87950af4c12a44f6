/** The messages that are shown, oldest first: one path through a chat's branches. Pure. */
import type { StoredMessage } from "../../src/protocol/session-frame.ts";

/**
 * The path up to and with that message, and after it what stands below `childId`: questions that wait for their
 * turn. What stands below another child is another branch and goes. The whole path when the message is not on it.
 */
export function cutAfter(
  messages: readonly StoredMessage[],
  messageId: string | null,
  childId: string,
): { readonly before: readonly StoredMessage[]; readonly after: readonly StoredMessage[] } {
  const index = messages.findIndex((message) => message.id === messageId);
  if (index === -1) return { before: messages, after: [] };
  const after = messages.slice(index + 1);
  return { before: messages.slice(0, index + 1), after: after[0]?.parentId === childId ? after : [] };
}

/** The path with the message at its place: where it stood, or below its parent. */
export function placeMessage(
  messages: readonly StoredMessage[],
  message: StoredMessage,
): readonly StoredMessage[] {
  const index = messages.findIndex((known) => known.id === message.id);
  if (index !== -1) return messages.with(index, message);
  const { before, after } = cutAfter(messages, message.parentId, message.id);
  return [...before, message, ...after];
}
