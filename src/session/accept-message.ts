/**
 * Reads what a `send` frame asks for against the chat as it stands: a new question, the same one again, an edited
 * one, or a new answer to an old one. Pure. Rules SE20 to SE29.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import type { SendFrame, StoredMessage } from "../protocol/session-frame.ts";
import { toMessageText } from "./to-prompt.ts";

export interface ChatFacts {
  readonly findMessage: (id: string) => StoredMessage | null;
  /** Where a new question goes: after the newest answer, one that is still running or queued included. */
  readonly leafMessageId: string | null;
  readonly openTurns: number;
}

/** How many turns may wait behind the running one; a person has two hands. */
const MAX_OPEN_TURNS = 5;

export type Acceptance =
  /** Store this message and answer it. */
  | {
      readonly type: "ask";
      readonly message: {
        readonly id: string | null;
        readonly text: string;
        readonly parentId: string | null;
      };
    }
  /** Answer this stored message again. */
  | { readonly type: "answer-again"; readonly userMessageId: string }
  /** This message is here already: whoever sent it twice gets the answer it has. */
  | { readonly type: "repeat"; readonly userMessageId: string };

/** The error is a sentence for the person who sent it. */
export function acceptMessage(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  const repeated = frame.trigger === "submit-message" ? findRepeat(frame, chat) : null;
  if (repeated !== null) return succeed({ type: "repeat", userMessageId: repeated });
  if (chat.openTurns >= MAX_OPEN_TURNS) {
    return fail("Too many questions are waiting in this chat. Wait for an answer or stop it first.");
  }
  return frame.trigger === "regenerate-message" ? acceptRegenerate(frame, chat) : acceptSubmit(frame, chat);
}

function lastUserMessage(frame: SendFrame): SendFrame["messages"][number] | undefined {
  return frame.messages.findLast((message) => message.role === "user");
}

function findRepeat(frame: SendFrame, chat: ChatFacts): string | null {
  const message = lastUserMessage(frame);
  if (message === undefined) return null;
  const stored = chat.findMessage(message.id);
  if (stored === null || stored.role !== "user") return null;
  return toMessageText(stored) === toMessageText(message) && frame.messageId === undefined ? stored.id : null;
}

function acceptSubmit(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  const message = lastUserMessage(frame);
  if (message === undefined) return fail("There is no question in this message.");
  const text = toMessageText(message).trim();
  if (text === "") return fail("The question is empty. Write something first.");
  const replaced = chat.findMessage(frame.messageId ?? message.id);
  if (replaced !== null) {
    if (replaced.role !== "user") return fail("Only a question can be edited.");
    // An edited question is a new branch beside the old one, under an id of its own.
    return succeed({ type: "ask", message: { id: null, text, parentId: replaced.parentId } });
  }
  return succeed({ type: "ask", message: { id: message.id, text, parentId: chat.leafMessageId } });
}

function acceptRegenerate(frame: SendFrame, chat: ChatFacts): Result<Acceptance, string> {
  if (chat.openTurns > 0)
    return fail("An answer is still being written. Stop it before asking for another one.");
  const id = frame.messageId ?? chat.leafMessageId;
  const stored = id === null ? null : chat.findMessage(id);
  if (stored === null) return fail("There is no such answer in this chat.");
  if (stored.role === "user") return succeed({ type: "answer-again", userMessageId: stored.id });
  const question = stored.parentId === null ? null : chat.findMessage(stored.parentId);
  if (question?.role !== "user") return fail("There is no question to this answer.");
  return succeed({ type: "answer-again", userMessageId: question.id });
}
