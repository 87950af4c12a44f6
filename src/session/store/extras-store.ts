/** What belongs to a chat beside its messages: read-only links and attached files. Rules SE83, SE86. */
import { eq } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { attachment, share } from "../../../schema/chat-session.ts";
import { toAttachmentId } from "../attachment-path.ts";

export interface AttachmentRow {
  readonly attachmentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly createdAtMs: number;
}

export class ExtrasStore {
  private readonly db: DrizzleSqliteDODatabase;

  constructor(db: DrizzleSqliteDODatabase) {
    this.db = db;
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
  }

  findAttachment(attachmentId: string): AttachmentRow | null {
    return this.db.select().from(attachment).where(eq(attachment.attachmentId, attachmentId)).get() ?? null;
  }

  dropAttachments(ids: readonly number[]): void {
    for (const id of ids) this.db.delete(attachment).where(eq(attachment.id, id)).run();
  }

  listAttachments(): (AttachmentRow & { readonly id: number })[] {
    return this.db.select().from(attachment).all();
  }

  /** True for the address of a file that was attached to this chat. */
  isOwnFile(sessionId: string, url: string): boolean {
    const id = toAttachmentId(sessionId, url);
    return id !== null && this.findAttachment(id) !== null;
  }
}
