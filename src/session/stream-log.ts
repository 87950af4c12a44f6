/**
 * The log of one running answer: numbered chunks, stored before anybody is shown them, readable from any number.
 * The object sends what `flush` returns in the same synchronous block, so no client ever sees a chunk that a crash
 * could take back. Rules SE7 to SE9.
 */
import type { AnswerChunk } from "../protocol/session-frame.ts";

/** Where batches of chunks are kept: SQLite in the object, memory in tests. Synchronous, like the object's SQLite. */
export interface StreamLogStore {
  /** One row: the chunks from `firstSequence` on, as JSON texts. */
  append(firstSequence: number, chunks: readonly string[]): void;
  /** Every chunk in order from 0, as JSON texts. */
  readAll(): string[];
}

export interface FlushedChunks {
  readonly firstSequence: number;
  /** JSON texts, ready to go into frames. */
  readonly chunks: readonly string[];
}

export class StreamLog {
  private readonly store: StreamLogStore;
  private readonly stored: string[];
  private pending: string[] = [];

  /** Continues whatever the store holds already. */
  constructor(store: StreamLogStore) {
    this.store = store;
    this.stored = store.readAll();
  }

  /** Takes chunks without storing them yet: several network reads may share one row. */
  append(chunks: readonly AnswerChunk[]): void {
    for (const chunk of chunks) this.pending.push(JSON.stringify(chunk));
  }

  get hasPending(): boolean {
    return this.pending.length > 0;
  }

  /** Stores what is pending in one row and returns it to be sent; null when there is nothing. */
  flush(): FlushedChunks | null {
    if (this.pending.length === 0) return null;
    const chunks = this.pending;
    const firstSequence = this.stored.length;
    this.pending = [];
    this.store.append(firstSequence, chunks);
    this.stored.push(...chunks);
    return { firstSequence, chunks };
  }

  /** Stored chunks from `sequence` on, as JSON texts. */
  readFrom(sequence: number): readonly string[] {
    return this.stored.slice(sequence);
  }

  /** The sequence that the next stored chunk will have. */
  get nextSequence(): number {
    return this.stored.length;
  }
}
