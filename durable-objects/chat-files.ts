/** The files of a chat's object: which of them it takes note of, and where those are put that a question brings. Rules SE83, SE221, SE240, HT62. */
import { createHash } from "node:crypto";
import { describeError } from "../src/auth/store/describe-error.ts";
import type { Chat } from "../src/session/chat.ts";
import type { LiveClientFrame, SendFrame } from "../src/protocol/session-frame.ts";
import type { ChatSocket } from "../src/session/turn/live-turn.ts";
import { hasFilesToMove, MAX_ATTACHMENTS, QuestionFiles } from "../src/session/files/question-files.ts";
import { refuse } from "../src/session/frames/send-frame.ts";
import type { AttachmentRow } from "../src/session/store/extras-store.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";
import type { Wiring } from "../src/wiring.ts";

export interface ChatFilesHost {
  readonly store: SessionStore;
  readonly wiring: Wiring;
  readonly files: () => R2Bucket;
  readonly chat: () => Chat;
}

export class ChatFiles {
  /** Asks what brings files. */
  readonly questions: QuestionFiles;
  private readonly host: ChatFilesHost;

  constructor(host: ChatFilesHost) {
    const { store, wiring, files } = host;
    this.host = host;
    this.questions = new QuestionFiles({
      extras: store.extras,
      readSessionId: () => this.readSessionId(),
      findAsked: (requestId) => store.findAsked(requestId),
      put: async (key, bytes, contentType) => {
        await files().put(key, bytes, { httpMetadata: { contentType } });
      },
      remove: (keys) => files().delete([...keys]),
      nameBytes: toContentName,
      nowMs: () => wiring.clock.nowMs(),
      noteFailure: (task, error) =>
        wiring.log.write("warn", "background_failed", { task, error: describeError(error) }),
    });
  }

  /** Takes a frame of a socket; a promise where it brings files, which have to be put where they belong first. */
  take(socket: ChatSocket, frame: LiveClientFrame): Promise<void> | null {
    if (frame.type === "send" && hasFilesToMove(frame)) return this.askWithFiles(socket, frame);
    this.host.chat().handleFrame(socket, frame);
    return null;
  }

  private async askWithFiles(socket: ChatSocket, frame: SendFrame): Promise<void> {
    const asked = await this.questions.ask(frame, (moved) => this.host.chat().ask(socket, moved));
    if (!asked.ok) refuse(socket, frame.requestId, asked.error.reason);
  }

  /** Takes note of a file whose bytes are stored. */
  note(file: Omit<AttachmentRow, "createdAtMs">): "taken" | "unknown-chat" | "too-many" {
    const { store, wiring } = this.host;
    if (this.readSessionId() === null) return "unknown-chat";
    if (store.extras.listAttachments().length >= MAX_ATTACHMENTS) return "too-many";
    store.extras.appendAttachment({ ...file, createdAtMs: wiring.clock.nowMs() });
    return "taken";
  }

  /** Null without a chat, and for one that is being deleted: what comes then would be left behind. */
  private readSessionId(): string | null {
    const { store, chat } = this.host;
    return chat().isClosed ? null : (store.readSession()?.sessionId ?? null);
  }
}

/** The same bytes come again with every copy of their message: they are one file of their chat. */
function toContentName(mediaType: string, bytes: Uint8Array): string {
  const hash = createHash("sha256").update(`${mediaType}\n`).update(bytes).digest("hex");
  return `file_${hash.slice(0, 32)}`;
}
