/** The messages that are shown, oldest first: one path through a chat's branches. Pure. */
import type { ActiveTurn, Branches, PathPage, StoredMessage } from "../../src/protocol/session-frame.ts";

type Messages = readonly StoredMessage[];

/** As much of the path as is loaded, and whether there is more above it. */
export type LoadedPath = Readonly<Pick<PathPage, "hasOlder">> & {
  readonly messages: Messages;
  readonly branches: Branches;
};

/**
 * The path up to and with that message, and after it what stands below `childId`: questions that wait for their
 * turn. What stands below another child is another branch and goes. The whole path when the message is not on it.
 */
export function cutAfter(
  messages: Messages,
  messageId: string | null,
  childId: string,
): { readonly before: Messages; readonly after: Messages } {
  const index = messages.findIndex((message) => message.id === messageId);
  if (index === -1) return { before: messages, after: [] };
  const after = messages.slice(index + 1);
  return { before: messages.slice(0, index + 1), after: after[0]?.parentId === childId ? after : [] };
}

/** The path with an answer at its place below its question; as it was when the question is on another branch. */
export function placeAnswer(messages: Messages, answer: StoredMessage): Messages {
  const index = messages.findIndex((known) => known.id === answer.id);
  if (index !== -1) return messages.with(index, answer);
  if (!messages.some(({ id }) => id === answer.parentId)) return messages;
  const { before, after } = cutAfter(messages, answer.parentId, answer.id);
  return [...before, answer, ...after];
}

/**
 * The path with a new question on it: below what it follows, or in place of the one it stands beside. Whoever edits a
 * question that is not loaded begins a branch of which only the new question is known yet.
 */
export function placeQuestion<Path extends LoadedPath>(path: Path, question: StoredMessage): Path {
  const { messages } = path;
  const known = messages.findIndex(({ id }) => id === question.id);
  if (known !== -1) return { ...path, messages: messages.with(known, question) };
  const beside = messages.findIndex(({ parentId }) => parentId === question.parentId);
  if (beside !== -1) return { ...path, messages: [...messages.slice(0, beside), question] };
  const parent = messages.findIndex(({ id }) => id === question.parentId);
  if (parent !== -1) return { ...path, messages: [...messages.slice(0, parent + 1), question] };
  // Below an answer that is still to come: it follows a question that nobody has answered.
  const isQueued = messages.length === 0 || messages.at(-1)?.role === "user" || !path.hasOlder;
  return isQueued ? { ...path, messages: [...messages, question] } : { ...path, messages: [question] };
}

/** The page with the messages that were loaded above it: what stands above a message never changes. */
export function keepOlder(known: LoadedPath, page: LoadedPath): LoadedPath {
  const first = page.messages[0]?.id;
  const at = first === undefined ? -1 : known.messages.findIndex(({ id }) => id === first);
  if (at <= 0) {
    const { messages, hasOlder, branches } = page;
    return { messages, hasOlder, branches };
  }
  const older = known.messages.slice(0, at);
  const branches = Object.fromEntries(
    older.flatMap(({ id }) => {
      const beside = known.branches[id];
      return beside === undefined ? [] : [[id, beside]];
    }),
  );
  return {
    messages: [...older, ...page.messages],
    hasOlder: known.hasOlder,
    branches: { ...branches, ...page.branches },
  };
}

/** Where the running answer stands: below its question. -1 when that is on another branch. */
export function findAnswerPlace(messages: Messages, turn: ActiveTurn | null): number {
  const index = turn === null ? -1 : messages.findIndex(({ id }) => id === turn.parentId);
  return index === -1 ? -1 : index + 1;
}

/** The questions below the running answer that no answer stands below: they wait for their turn. */
export function findWaiting(messages: Messages, turn: ActiveTurn | null): Messages {
  const place = findAnswerPlace(messages, turn);
  if (place === -1) return [];
  return messages
    .slice(place)
    .filter(({ id, role }, index, below) => role === "user" && below[index + 1]?.parentId !== id);
}
