/**
 * Reads what a `send` frame asks for against the chat as it stands: a new question, the same one again, an edited
 * one, or a new answer to an old one. Pure. Rules SE20 to SE26, SE92, SE113, SE140, SE143, SE247.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type { ChatQuestion } from "../../protocol/chat-question.ts";
import type { SendFrame, StoredMessage } from "../../protocol/session-frame.ts";
import { acceptFiles } from "../files/accept-files.ts";
import { acceptToolOutputs } from "./accept-tool-outputs.ts";
import { toMessageText } from "../context/to-prompt.ts";

export interface ChatFacts {
  readonly findMessage: (id: string) => StoredMessage | null;
  /** The question that a request with this id asked before; null for a new request. */
  readonly findAsked: (requestId: string) => StoredMessage | null;
  /** The ids of all messages at the place of this one, oldest first; none where it stands alone. */
  readonly listBeside: (message: StoredMessage) => readonly string[];
  /** The answer that the question was said to follow; null: where new questions go. */
  readonly parent: StoredMessage | null;
  /** Where a new question goes: after the newest answer, one that is still running or queued included. */
  readonly leafMessageId: string | null;
  /** True for the id of an answer that is being written, or is still to be. */
  readonly isOpenAnswer: (id: string) => boolean;
  /** True for a question whose answer is being written, or is still to be. */
  readonly isAwaited: (questionId: string) => boolean;
  readonly openTurns: number;
  /** Turns that were begun behind the oldest open one, ended or not. */
  readonly turnsBehind: number;
  /** The media type of a file that was attached to this chat, by its address; null for any other. */
  readonly findOwnType: (url: string) => string | null;
}

/** How many turns may wait behind the running one; a person has two hands. */
const MAX_OPEN_TURNS = 5;

/** The store finds open turns among the newest 64 (store/session-store.ts). */
const MAX_TURNS_BEHIND = 50;

const ID_IS_TAKEN = "Another message of this chat has this id. Send the question under an id of its own.";

export type Acceptance =
  /** Store this message and answer it. */
  | {
      readonly type: "ask";
      readonly message: {
        readonly id: string | null;
        /** The text alone, and the parts: what tools gave, the text and the files. */
        readonly text: string;
        readonly parts: StoredMessage["parts"];
        readonly parentId: string | null;
        /** The question that this one is an edited form of; null for one of its own. */
        readonly editedId: string | null;
      };
    }
  /** Answer this stored message again. */
  | { readonly type: "answer-again"; readonly userMessageId: string }
  /** This message is here already: whoever sent it twice gets the answer it has. */
  | { readonly type: "repeat"; readonly userMessageId: string };

/** The error is a sentence for the person who sent it. */
export function acceptMessage(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  const repeated =
    findSameRequest(frame, chat) ?? (frame.trigger === "submit-message" ? findRepeat(frame, chat) : null);
  if (repeated !== null) return succeed({ type: "repeat", userMessageId: repeated });
  if (chat.openTurns >= MAX_OPEN_TURNS || chat.turnsBehind >= MAX_TURNS_BEHIND) {
    return fail("Too many questions are waiting in this chat. Wait for an answer or stop it first.");
  }
  return frame.trigger === "regenerate-message" ? acceptRegenerate(frame, chat) : acceptSubmit(frame, chat);
}

type AskedMessage = SendFrame["messages"][number];

function lastUserMessage(frame: SendFrame): AskedMessage | undefined {
  return frame.messages.findLast((message) => message.role === "user");
}

/** The question that a wish for another answer brings along; null where it names an answer, or says nothing. */
export function findBrought({
  messages,
  messageId,
}: Pick<ChatQuestion, "messages" | "messageId">): AskedMessage | null {
  const message = messages.at(-1);
  if (message?.role !== "user" || (messageId !== undefined && messageId !== message.id)) return null;
  const isEmpty = toText(message) === "" && message.parts.every(({ type }) => type !== "file");
  return isEmpty ? null : message;
}

function toText(message: Pick<AskedMessage, "parts">): string {
  return toMessageText(message).trim();
}

function findRepeat(frame: SendFrame, chat: ChatFacts): string | null {
  const message = lastUserMessage(frame);
  if (message === undefined) return null;
  const stored = chat.findMessage(message.id);
  if (stored === null || stored.role !== "user") return null;
  if (frame.messageId === message.id) return findSameEdit(message, stored, chat);
  return toMessageText(stored) === toText(message) && frame.messageId === undefined ? stored.id : null;
}

/** Clients of AI SDK send an edit under the old id: the same one again, while it waits for its answer, is two clicks. */
function findSameEdit(message: AskedMessage, stored: StoredMessage, chat: ChatFacts): string | null {
  const files = toFileUrls(message);
  return findAtPlace(
    stored,
    chat,
    (beside) =>
      chat.isAwaited(beside.id) && toMessageText(beside) === toText(message) && toFileUrls(beside) === files,
  );
}

/** The newest such message at the place of this one. */
function findAtPlace(
  message: StoredMessage,
  chat: ChatFacts,
  isMeant: (beside: StoredMessage) => boolean,
): string | null {
  const meant = [message.id, ...chat.listBeside(message)].findLast((id) => {
    const beside = chat.findMessage(id);
    return beside !== null && isMeant(beside);
  });
  return meant ?? null;
}

const hasFile = ({ parts }: Pick<AskedMessage, "parts">): boolean =>
  parts.some(({ type }) => type === "file");

function toFileUrls({ parts }: Pick<AskedMessage, "parts">): string {
  return JSON.stringify(parts.flatMap((part) => (part.type === "file" ? [part["url"]] : [])));
}

/** An edited question and a wish for another answer have no id of their own: sent again, they are known by the request. */
function findSameRequest(frame: SendFrame, chat: ChatFacts): string | null {
  const asked = chat.findAsked(frame.requestId);
  if (asked === null) return null;
  if (frame.trigger === "regenerate-message") {
    const brought = findBrought(frame);
    if (brought !== null) return toText(brought) === toMessageText(asked) ? asked.id : null;
    const named = frame.messageId === undefined ? null : chat.findMessage(frame.messageId);
    return named === null || named.id === asked.id || named.parentId === asked.id ? asked.id : null;
  }
  const message = lastUserMessage(frame);
  return message !== undefined && toText(message) === toMessageText(asked) ? asked.id : null;
}

function acceptSubmit(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  const message = lastUserMessage(frame);
  if (message === undefined) return fail("There is no question in this message.");
  const text = toText(message);
  const files = acceptFiles(message, chat.findOwnType);
  if (!files.ok) return files;
  const replaced = chat.parent === null ? chat.findMessage(frame.messageId ?? message.id) : null;
  if (replaced !== null && replaced.role !== "user") return fail("Only a question can be edited.");
  const isTaken = chat.isOpenAnswer(message.id) || chat.findMessage(message.id) !== null;
  if (replaced === null && isTaken) return fail(ID_IS_TAKEN);
  const parentId = replaced === null ? (chat.parent?.id ?? chat.leafMessageId) : replaced.parentId;
  const outputs = acceptToolOutputs(message, parentId === null ? null : chat.findMessage(parentId));
  if (!outputs.ok) return outputs;
  const parts: StoredMessage["parts"] = [
    ...outputs.value,
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...files.value,
  ];
  if (parts.length === 0) return fail("The question is empty. Write something first.");
  // An edited question is a new branch beside the old one, under an id of its own.
  return succeed({
    type: "ask",
    message:
      replaced === null
        ? { id: message.id, text, parts, parentId, editedId: null }
        : { id: null, text, parts, parentId, editedId: replaced.id },
  });
}

/**
 * The question that a client of AI SDK wants answered is the last one of its copy. It also tries a question again in this
 * way that never arrived, or an edit: that is asked. Another one's answer would look like the answer to it.
 */
function acceptRegenerate(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  const brought = findBrought(frame);
  const known = brought === null ? null : chat.findMessage(brought.id);
  if (brought === null || known?.role === "assistant") return acceptAgain(frame.messageId ?? null, chat);
  // Its client keeps the id of a question that it has edited: words and files tell which of those at one place is meant.
  const files = toFileUrls(brought);
  const isSame = (beside: StoredMessage): boolean =>
    toMessageText(beside) === toText(brought) && (!hasFile(brought) || toFileUrls(beside) === files);
  const same = known === null ? null : findAtPlace(known, chat, isSame);
  return same === null ? acceptSubmit(frame, chat) : acceptAgain(same, chat);
}

/** Null: the newest answer. */
function acceptAgain(messageId: string | null, chat: ChatFacts): Result<Acceptance, string> {
  if (chat.openTurns > 0)
    return fail("An answer is still being written. Stop it before asking for another one.");
  const id = messageId ?? chat.leafMessageId;
  const stored = id === null ? null : chat.findMessage(id);
  if (stored === null) return fail("There is no such answer in this chat.");
  if (stored.role === "user") return succeed({ type: "answer-again", userMessageId: stored.id });
  const question = stored.parentId === null ? null : chat.findMessage(stored.parentId);
  if (question?.role !== "user") return fail("There is no question to this answer.");
  return succeed({ type: "answer-again", userMessageId: question.id });
}
