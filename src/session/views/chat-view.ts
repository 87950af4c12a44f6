/** What is shown of a chat: pages of the path, the running answer, the summary, what a search finds. Rules SE70 to SE79. */
import type { ChatSummary, PathPage, StoredMessage } from "../../protocol/session-frame.ts";
import type { SessionSearchHit } from "../../protocol/session-api.ts";
import { findExcerpt } from "./find-excerpt.ts";
import type { SessionStore } from "../store/session-store.ts";
import { toMessageText } from "../context/to-prompt.ts";
import type { TurnRunner } from "../turn/turn-runner.ts";

/** What a new tab is told: a few screens; the rest is loaded when somebody scrolls there. */
const HELLO_MESSAGES = 60;
/** A page ends earlier where messages are very long: a frame and a call between objects can carry 32 MiB. */
const MAX_PAGE_CHARACTERS = 4_000_000;
/** A search looks at so many messages at the most, newest first. */
const MAX_SEARCHED = 20_000;
/** A tenth of a second of searching, in scripts with many signs that have cases or accents. */
const PAUSE_AFTER_CHARACTERS = 100_000;

export class ChatView {
  private readonly store: SessionStore;
  private readonly runner: Pick<TurnRunner, "queue" | "running" | "startReceipt">;

  constructor(store: SessionStore, runner: Pick<TurnRunner, "queue" | "running" | "startReceipt">) {
    this.store = store;
    this.runner = runner;
  }

  /** Where the next question goes: below the last answer, one that is still to come included. */
  get leafMessageId(): string | null {
    // The last turn may have been taken back while one before it is open: its question stays where it is.
    const last = this.runner.queue.open.length === 0 ? null : this.store.readLastTurn();
    return last?.messageId ?? this.store.readSession()?.leafMessageId ?? null;
  }

  /** The newest messages of the path that is shown, without the answer that is running. */
  readNewest(limit: number = HELLO_MESSAGES): PathPage {
    return this.readPage(this.leafMessageId, limit);
  }

  /** The messages above one that is shown. */
  readOlder(before: string, limit: number): PathPage {
    const open = this.runner.queue.open.find((turn) => turn.messageId === before);
    const parentId = open?.parentId ?? this.store.messages.find(before)?.parentId ?? null;
    return this.readPage(parentId, limit);
  }

  /** The newest messages of the path down to that one. */
  readDownTo(messageId: string): PathPage {
    return this.readPage(messageId, HELLO_MESSAGES);
  }

  /** Whether that message is on the path that is shown, and not on another branch. */
  isShown(messageId: string): boolean {
    return this.store.messages.paths.includes(this.leafMessageId, this.runner.queue.open, messageId);
  }

  /** The ids of all messages of the path that is shown, oldest first. */
  listPath(): string[] {
    return this.store.messages.paths.listIds(this.leafMessageId, this.runner.queue.open);
  }

  /** As `readNewest`, with the running answer as far as it has come, where this page of the path holds its question. */
  readWithRunning(limit: number): Pick<PathPage, "messages" | "hasOlder"> {
    const { messages, hasOlder } = this.readNewest(limit);
    const { running } = this.runner;
    // It may be on another branch, or further up than questions that wait.
    const at = messages.findIndex((message) => message.id === running?.turn.parentId);
    if (running === null || at === -1) return { messages, hasOlder };
    const { turn, draft } = running;
    const answer: StoredMessage = {
      id: turn.messageId,
      role: "assistant",
      parentId: turn.parentId,
      parts: draft.parts,
      metadata: this.runner.startReceipt(turn),
      createdAt: new Date(turn.createdAtMs).toISOString(),
    };
    const withAnswer = messages.toSpliced(at + 1, 0, answer);
    if (withAnswer.length <= limit) return { messages: withAnswer, hasOlder };
    return { messages: withAnswer.slice(-limit), hasOlder: true };
  }

  /** The summary that stands for the top of the path that is shown; null when none does. */
  readSummary(): ChatSummary | null {
    const summaries = this.store.summaries.read();
    if (summaries.length === 0) return null;
    const { messages } = this.store.messages.paths.read(this.leafMessageId, this.runner.queue.open, {
      maxMessages: HELLO_MESSAGES * 10,
      stopBelow: new Set(summaries.map(({ upToMessageId }) => upToMessageId)),
    });
    const found = this.store.summaries.findAbove(messages[0]?.parentId ?? null);
    return found === null ? null : { upToMessageId: found.upToMessageId, text: found.body };
  }

  /** `pause` lets others have the object: whoever writes an answer in it meanwhile is not to be held up. */
  async search(query: string, limit: number, pause: () => Promise<void>): Promise<SessionSearchHit[]> {
    const hits: SessionSearchHit[] = [];
    let [searched, characters] = [0, 0];
    for (const messages of this.store.messages.scan("newest")) {
      for (const message of messages) {
        const text = toMessageText(message);
        characters += text.length;
        const excerpt = findExcerpt(text, query);
        if (excerpt !== null) {
          const { id, role, createdAt } = message;
          hits.push({ messageId: id, role, excerpt, createdAt });
          if (hits.length === limit) return hits;
        }
        if (characters < PAUSE_AFTER_CHARACTERS) continue;
        characters = 0;
        await pause();
      }
      searched += messages.length;
      if (searched >= MAX_SEARCHED) break;
    }
    return hits;
  }

  private readPage(leafMessageId: string | null, maxMessages: number): PathPage {
    const page = this.store.messages.paths.read(leafMessageId, this.runner.queue.open, {
      maxMessages,
      maxCharacters: MAX_PAGE_CHARACTERS,
    });
    // An answer that is being written is no message yet, and has its place beside others all the same.
    const open = this.runner.queue.open.map(({ messageId: id, parentId }) => ({ id, parentId }));
    return { ...page, branches: this.store.messages.readBranches([...page.messages, ...open]) };
  }
}
