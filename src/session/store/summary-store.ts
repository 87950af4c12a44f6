/**
 * What models are told in place of older messages, and which of it stands for the top of a path. A path is climbed by
 * ids, so far at a time, and how far it got is kept in memory: a turn's search costs as much as the chat has grown since
 * the one before. Rules SE77, SE99, SE134.
 */
import { desc } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { summary } from "../../../schema/chat-session.ts";
import type { SummaryRow } from "../rows.ts";
import type { MessagePaths } from "./message-paths.ts";

/** So many ids are read for a search at the most; the next one goes on there. */
export const MAX_CLIMBED = 500;
/** A turn searches from one place, or from two or three where models have contexts of different sizes. */
const MAX_REACHED = 50;

export class SummaryStore {
  private readonly db: DrizzleSqliteDODatabase;
  private readonly paths: MessagePaths;
  private rows: readonly SummaryRow[] | null = null;
  /** How far up it has been searched from there: to a summary, to an id to go on from, or to the top (null). */
  private readonly reached = new Map<string, string | null>();

  constructor(db: DrizzleSqliteDODatabase, paths: MessagePaths) {
    this.db = db;
    this.paths = paths;
  }

  forget(): void {
    this.rows = null;
    this.reached.clear();
  }

  /** Newest first; each belongs to the paths that its message is on. */
  read(): readonly SummaryRow[] {
    this.rows ??= this.db.select().from(summary).orderBy(desc(summary.id)).all();
    return this.rows;
  }

  append(row: SummaryRow & { readonly createdAtMs: number }): void {
    this.db.insert(summary).values(row).run();
    // A place that was searched before may have this one nearer.
    this.forget();
  }

  /** The nearest one that stands for that message or for one above it; null where none is known. */
  findAbove(messageId: string | null): SummaryRow | null {
    const rows = this.read();
    if (messageId === null || rows.length === 0) return null;
    const at = this.climb(messageId, new Set(rows.map(({ upToMessageId }) => upToMessageId)));
    return rows.find(({ upToMessageId }) => upToMessageId === at) ?? null;
  }

  private climb(messageId: string, summarised: ReadonlySet<string>): string | null {
    const stops = new Set([...summarised, ...this.reached.keys()]);
    let at: string | null = messageId;
    for (let left = MAX_CLIMBED; at !== null && !summarised.has(at);) {
      const further = this.reached.get(at);
      if (further !== undefined) at = further;
      else if (left <= 0) break;
      else {
        const climb = this.paths.climb(at, stops, left);
        at = climb.at;
        left -= climb.climbed;
      }
    }
    if (at === messageId) return at;
    if (this.reached.size >= MAX_REACHED) this.reached.clear();
    this.reached.set(messageId, at);
    return at;
  }
}
