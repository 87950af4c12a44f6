/**
 * Moves the files that stand in a question as `data:` addresses, as AI SDK's clients send them, to where attached files
 * are, so that the chat is asked with their addresses: a message is one row, and a picture is larger than a row may be.
 * What a question has brought that was not taken is removed. Rules SE83, SE240, SE241.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type { SendFrame, StoredMessage } from "../../protocol/session-frame.ts";
import { findBrought } from "../questions/accept-message.ts";
import { acceptFiles, type FilePart } from "./accept-files.ts";
import { toAttachmentUrl, toFileKey, toOneLine } from "./attachment-path.ts";
import { readDataUrl } from "./data-url.ts";
import { isDataFile } from "../questions/question-size.ts";
import type { AttachmentRow, ExtrasStore } from "../store/extras-store.ts";
import { readFileParts } from "../context/to-prompt.ts";
import { readToolWords } from "../tools/tool-words.ts";

/** Deleting a chat deletes its files in one call, which takes a thousand. */
export const MAX_ATTACHMENTS = 500;
/** Each is in memory while it waits, and an object has 128 MB. */
const MAX_WAITING = 3;

export interface QuestionFilesDeps {
  readonly extras: ExtrasStore;
  /** Null where there is no chat, or where it is being deleted. */
  readonly readSessionId: () => string | null;
  /** The question that a request with this id has asked. */
  readonly findAsked: (requestId: string) => StoredMessage | null;
  readonly put: (key: string, bytes: Uint8Array, mediaType: string) => Promise<void>;
  readonly remove: (keys: readonly string[]) => Promise<void>;
  /** A name that the same bytes have, and no others. */
  readonly nameBytes: (mediaType: string, bytes: Uint8Array) => string;
  readonly nowMs: () => number;
  readonly noteFailure: (task: string, error: unknown) => void;
}

/** Why nothing was asked, as a sentence; `isAway`: it may be tried again. */
interface FilesRefusal {
  readonly reason: string;
  readonly isAway: boolean;
}

const FULL: FilesRefusal = {
  reason: "This chat has as many files as it can have. Start a new one.",
  isAway: false,
};
const GONE: FilesRefusal = { reason: "This chat is being deleted.", isAway: false };
const AWAY: FilesRefusal = {
  reason: "The files of this message could not be stored. Send it again.",
  isAway: true,
};
const BUSY: FilesRefusal = {
  reason: "Too many messages with files are on their way to this chat. Wait a moment and send it again.",
  isAway: true,
};

type AskedMessage = SendFrame["messages"][number];
type Ask = (frame: SendFrame) => void;

export class QuestionFiles {
  private readonly deps: QuestionFilesDeps;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(deps: QuestionFilesDeps) {
    this.deps = deps;
  }

  /** Asks once the question's files are where they belong: at once where there are none to move. */
  async ask(frame: SendFrame, ask: Ask): Promise<Result<null, FilesRefusal>> {
    const message = findMessageToMove(frame);
    if (message === null) {
      ask(frame);
      return succeed(null);
    }
    if (this.waiting >= MAX_WAITING) return fail(BUSY);
    this.waiting += 1;
    // One after the other: what one question brings and has to leave may be what the next one has been given.
    const done = Promise.allSettled([this.last])
      .then(() => this.moveAndAsk(frame, message, ask))
      .finally(() => (this.waiting -= 1));
    this.last = done;
    return done;
  }

  private async moveAndAsk(
    frame: SendFrame,
    message: AskedMessage,
    ask: Ask,
  ): Promise<Result<null, FilesRefusal>> {
    const { extras, readSessionId } = this.deps;
    const sessionId = readSessionId();
    if (sessionId === null) return fail(GONE);
    const files = acceptFiles(message, (url) => extras.findOwnType(sessionId, url));
    if (!files.ok) {
      // The chat says why, unless it has this question already.
      ask(frame);
      return succeed(null);
    }
    const brought: AttachmentRow[] = [];
    const moved = await this.move(sessionId, files.value, brought);
    const refusal = this.explainRefusal(moved, brought.length);
    if (moved === null || refusal !== null) {
      await this.remove(sessionId, brought);
      return fail(refusal ?? AWAY);
    }
    for (const row of brought) extras.appendAttachment(row);
    try {
      ask(withFiles(frame, message, moved));
    } finally {
      // Also where the chat breaks on it.
      if (!this.isTaken(frame.requestId, moved)) {
        for (const { attachmentId } of brought) extras.dropAttachment(attachmentId);
        await this.remove(sessionId, brought);
      }
    }
    return succeed(null);
  }

  /** A question that is refused, or was there already, has no use for what it brought. */
  private isTaken(requestId: string, files: readonly FilePart[]): boolean {
    const asked = this.deps.findAsked(requestId);
    const urls = asked === null ? [] : readFileParts(asked).map(({ url }) => url);
    return files.every(({ url }) => urls.includes(url));
  }

  private explainRefusal(moved: readonly FilePart[] | null, brought: number): FilesRefusal | null {
    if (moved === null) return AWAY;
    // It may have been deleted meanwhile.
    if (this.deps.readSessionId() === null) return GONE;
    return brought > 0 && this.deps.extras.listAttachments().length + brought > MAX_ATTACHMENTS ? FULL : null;
  }

  /** The files with their addresses; null where one could not be stored. `brought`: those that the chat had not. */
  private async move(
    sessionId: string,
    files: readonly FilePart[],
    brought: AttachmentRow[],
  ): Promise<FilePart[] | null> {
    const { extras, nameBytes, nowMs, put, noteFailure } = this.deps;
    const moved: FilePart[] = [];
    for (const file of files) {
      const bytes = readDataUrl(file.url)?.bytes ?? null;
      if (bytes === null) {
        moved.push(file);
        continue;
      }
      const { mediaType } = file;
      const attachmentId = nameBytes(mediaType, bytes);
      moved.push({ ...file, url: toAttachmentUrl(sessionId, attachmentId) });
      const isKnown =
        extras.findAttachment(attachmentId) ?? brought.find((row) => row.attachmentId === attachmentId);
      if (isKnown !== undefined && isKnown !== null) continue;
      const name = toOneLine(file.filename ?? "") || "file";
      brought.push({ attachmentId, name, mediaType, bytes: bytes.length, createdAtMs: nowMs() });
      try {
        await put(toFileKey(sessionId, attachmentId), bytes, mediaType);
      } catch (error) {
        noteFailure("question-files-put", error);
        return null;
      }
    }
    return moved;
  }

  /** Bytes that cannot be removed now go with the chat. */
  private async remove(sessionId: string, rows: readonly AttachmentRow[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.deps.remove(rows.map(({ attachmentId }) => toFileKey(sessionId, attachmentId)));
    } catch (error) {
      this.deps.noteFailure("question-files-remove", error);
    }
  }
}

/** The message that the chat would read the files of; null where none of them has to be moved. */
function findMessageToMove(frame: SendFrame): AskedMessage | null {
  const isAgain = frame.trigger === "regenerate-message";
  const message = isAgain ? findBrought(frame) : frame.messages.findLast(({ role }) => role === "user");
  if (message?.parts.some(isDataFile) !== true) return null;
  return readToolWords(frame) === null ? message : null;
}

export function hasFilesToMove(frame: SendFrame): boolean {
  return findMessageToMove(frame) !== null;
}

function withFiles(frame: SendFrame, message: AskedMessage, files: readonly FilePart[]): SendFrame {
  const rest = [...files];
  const parts = message.parts.map((part) => (part.type === "file" ? (rest.shift() ?? part) : part));
  return { ...frame, messages: frame.messages.map((each) => (each === message ? { ...each, parts } : each)) };
}
