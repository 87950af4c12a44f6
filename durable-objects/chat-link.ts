/** A chat's read-only link: made, replaced, taken back, and what it shows to whoever has it. Rule SE86. */
import { hashSecret } from "../src/auth/store/hash-secret.ts";
import type { Clock } from "../src/base/clock.ts";
import type { IdSource } from "../src/base/id.ts";
import type { SessionShareState, SharedChat } from "../src/protocol/session-api.ts";
import type { ChatView } from "../src/session/views/chat-view.ts";
import { toSharedMessages } from "../src/session/views/shared-chat.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";

export interface ChatLinkDeps {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly idSource: IdSource;
}

export class ChatLink {
  private readonly deps: ChatLinkDeps;

  constructor(deps: ChatLinkDeps) {
    this.deps = deps;
  }

  /** A new secret, an earlier one stops working; null when there is no such chat. */
  renew(): string | null {
    const { store, clock, idSource } = this.deps;
    if (store.readSession() === null) return null;
    const secret = idSource.randomBytes(32).toHex();
    store.extras.saveShare({ hash: hashSecret(secret), createdAtMs: clock.nowMs() });
    return secret;
  }

  readState(): SessionShareState {
    const share = this.deps.store.extras.readShare();
    return {
      isShared: share !== null,
      createdAt: share === null ? null : new Date(share.createdAtMs).toISOString(),
    };
  }

  drop(): void {
    this.deps.store.extras.dropShare();
  }

  /** Null for a link that does not work (any more). */
  readChat(view: ChatView, secret: string, limit: number, before: string | null): SharedChat | null {
    const { store } = this.deps;
    const session = store.readSession();
    if (session === null || store.extras.readShare()?.hash !== hashSecret(secret)) return null;
    // A link shows one path: an id of another branch must not show what stands above it there.
    const isElsewhere = before !== null && !view.isShown(before);
    if (isElsewhere) return { title: session.title, messages: [], hasOlder: false };
    const page = before === null ? view.readNewest(limit) : view.readOlder(before, limit);
    return { title: session.title, messages: toSharedMessages(page.messages), hasOlder: page.hasOlder };
  }
}
