/**
 * The log of one running answer: numbered chunks, readable from any number. What is sealed has its number for good
 * and may be shown on a socket that can be rewound; what is stored outlives a crash and may be shown to anybody. No
 * clock, no sockets. Rules SE7 to SE9, SE50 to SE53.
 */
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";

/** Where batches of chunks are kept: SQLite in the object, memory in tests. Synchronous, like the object's SQLite. */
export interface StreamLogStore {
  /** The chunks from `firstSequence` on, as JSON texts, behind those that are there. One written row. */
  append(firstSequence: number, chunks: readonly string[]): void;
  /** Every chunk in order from 0, as JSON texts. */
  readAll(): string[];
}

export class StreamLog {
  private readonly rows: StreamLogStore;
  private readonly chunks: string[];
  /** Not numbered yet: a delta that follows another one of its block still becomes one chunk with it. */
  private open: AnswerChunk[] = [];
  private stored: number;

  /** Continues whatever the store holds already. */
  constructor(store: StreamLogStore) {
    this.rows = store;
    this.chunks = store.readAll();
    this.stored = this.chunks.length;
  }

  append(chunks: readonly AnswerChunk[]): void {
    for (const chunk of chunks) {
      const last = this.open.at(-1);
      if (last !== undefined && isDelta(last) && isDelta(chunk) && isSameBlock(last, chunk)) {
        this.open[this.open.length - 1] = { ...last, delta: last.delta + chunk.delta };
      } else {
        this.open.push(chunk);
      }
    }
  }

  /** Gives numbers to what was appended. */
  seal(): void {
    for (const chunk of this.open) this.chunks.push(JSON.stringify(chunk));
    this.open = [];
  }

  /** Seals and stores everything, or nothing when it throws: what nobody was shown may still be changed then. */
  save(): void {
    const sealed = this.chunks.length;
    const { open } = this;
    this.seal();
    try {
      this.store();
    } catch (error) {
      this.chunks.length = sealed;
      this.open = open;
      throw error;
    }
  }

  /** Ends otherwise than it was said to, as long as that is not sealed: a log has one end. */
  appendEnd(chunks: readonly AnswerChunk[]): void {
    this.open = this.open.filter(({ type }) => !TERMINAL.has(type));
    this.append(chunks);
  }

  /** Stores what is sealed. */
  store(): void {
    if (this.stored === this.chunks.length) return;
    this.rows.append(this.stored, this.chunks.slice(this.stored));
    this.stored = this.chunks.length;
  }

  get hasOpen(): boolean {
    return this.open.length > 0;
  }

  /** The sequence that the next sealed chunk will have. */
  get nextSequence(): number {
    return this.chunks.length;
  }

  /** Every chunk before this one is stored. */
  get storedSequence(): number {
    return this.stored;
  }

  /** The JSON text of a sealed chunk. */
  read(sequence: number): string {
    const chunk = this.chunks[sequence];
    if (chunk === undefined) throw new Error(`chunk ${sequence} of ${this.chunks.length} is asked for`);
    return chunk;
  }

  /** The stored chunks, as JSON texts. */
  readStored(): readonly string[] {
    return this.chunks.slice(0, this.stored);
  }
}

const TERMINAL: ReadonlySet<AnswerChunk["type"]> = new Set(["finish", "error", "abort"]);

type Delta = Extract<AnswerChunk, { type: "text-delta" | "reasoning-delta" }>;

function isDelta(chunk: AnswerChunk): chunk is Delta {
  return chunk.type === "text-delta" || chunk.type === "reasoning-delta";
}

function isSameBlock(left: Delta, right: Delta): boolean {
  return left.type === right.type && left.id === right.id;
}
