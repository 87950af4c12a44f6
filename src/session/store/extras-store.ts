/** What belongs to a chat beside its messages: read-only links and attached files. Rules SE83, SE86. */
import { eq } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { attachment, share } from "../../../schema/chat-session.ts";
import { toAttachmentId } from "../files/attachment-path.ts";

export interface AttachmentRow {
  readonly attachmentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly createdAtMs: number;
}

export class ExtrasStore {
  private readonly db: DrizzleSqliteDODatabase;
  /** Those that were stored or looked up: a turn counts the bytes of the files of its history. Rule SE99. */
  private readonly known = new Map<string, AttachmentRow>();

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
  }

  /** Every row is about to go. */
  forget(): void {
    this.known.clear();
  }

  /** A new link; an earlier one stops working. */
  saveShare(row: { readonly hash: string; readonly createdAtMs: number }): void {
    this.db.delete(share).run();
    this.db.insert(share).values(row).run();
  }

  readShare(): { readonly hash: string; readonly createdAtMs: number } | null {
    return this.db.select().from(share).get() ?? null;
  }

  dropShare(): void {
    this.db.delete(share).run();
  }

  appendAttachment(row: AttachmentRow): void {
    this.db.insert(attachment).values(row).run();
    this.known.set(row.attachmentId, row);
  }

  findAttachment(attachmentId: string): AttachmentRow | null {
    const known = this.known.get(attachmentId);
    if (known !== undefined) return known;
    const row = this.db.select().from(attachment).where(eq(attachment.attachmentId, attachmentId)).get();
    if (row !== undefined) this.known.set(attachmentId, row);
    return row ?? null;
  }

  dropAttachments(ids: readonly number[]): void {
    this.known.clear();
    for (const id of ids) this.db.delete(attachment).where(eq(attachment.id, id)).run();
  }

  dropAttachment(attachmentId: string): void {
    this.known.delete(attachmentId);
    this.db.delete(attachment).where(eq(attachment.attachmentId, attachmentId)).run();
  }

  listAttachments(): (AttachmentRow & { readonly id: number })[] {
    return this.db.select().from(attachment).all();
  }

  /** The media type of a file that was attached to this chat; null for any other address. */
  findOwnType(sessionId: string, url: string): string | null {
    const id = toAttachmentId(sessionId, url);
    return id === null ? null : (this.findAttachment(id)?.mediaType ?? null);
  }
}
