/**
 * A live client's idea of the chat: every message it was told of, and the path that is shown, as a page would keep it.
 * It learns only from frames. Rules SM30.
 */
import type { ActiveTurn, Branches, PathPage, StoredMessage } from "../../../src/protocol/session-frame.ts";

export class LiveView {
  readonly branches = new Map<string, readonly string[]>();
  private readonly messages = new Map<string, StoredMessage>();
  private leaf: string | null = null;

  get size(): number {
    return this.messages.size;
  }

  find(id: string): StoredMessage | undefined {
    return this.messages.get(id);
  }

  /** The newest piece of the path takes the place of what was shown: what is older may have changed meanwhile. */
  show(page: PathPage): void {
    this.messages.clear();
    this.branches.clear();
    this.addPage(page);
    this.leaf = page.messages.at(-1)?.id ?? null;
  }

  addPage(page: PathPage): void {
    for (const message of page.messages) {
      this.messages.set(message.id, message);
      this.branches.delete(message.id);
    }
    this.changeBranches(page.branches);
  }

  changeBranches(branches: Branches): void {
    // Whoever stands beside it stands beside the others.
    for (const beside of Object.values(branches)) for (const id of beside) this.branches.set(id, beside);
  }

  /** A question was stored: it is the newest, and shown. */
  addQuestion(message: StoredMessage): void {
    this.messages.set(message.id, message);
    this.leaf = message.id;
  }

  /** Another answer to a question that has one: its branch is shown. A first answer is where its question is. */
  beginTurn({ parentId }: ActiveTurn): void {
    const isAgain = [...this.messages.values()].some((message) => message.parentId === parentId);
    const isWaiting = this.leaf !== null && this.messages.get(this.leaf)?.role === "user";
    if (isAgain && !isWaiting && this.messages.has(parentId)) this.leaf = parentId;
  }

  endTurn(message: StoredMessage): void {
    this.messages.set(message.id, message);
    if (message.parentId === this.leaf) this.leaf = message.id;
  }

  /** What is shown, oldest first, as far up as it is known without a gap. */
  readPath(): StoredMessage[] {
    const path: StoredMessage[] = [];
    let id = this.leaf;
    while (id !== null) {
      const message = this.messages.get(id);
      if (message === undefined) break;
      path.unshift(message);
      id = message.parentId;
    }
    return path;
  }
}
