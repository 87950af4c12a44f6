/** The last requests that the stand-ins were sent, so that a test or a person can count them. */
import type { FaultName } from "./fault.ts";
import type { SandboxProvider } from "./provider-wire.ts";

/** Enough for a test file and for a person's afternoon. */
const MAX_ENTRIES = 500;

export interface JournalEntry {
  readonly provider: SandboxProvider;
  readonly path: string;
  readonly model: string | null;
  /** ISO time. */
  readonly at: string;
  readonly fault: FaultName;
  readonly testId: string | null;
  /** `open` while it runs; `client-closed` when the caller went away before the end. */
  outcome: "open" | "complete" | "refused" | "broken" | "client-closed";
}

export class Journal {
  #entries: JournalEntry[] = [];
  readonly #counts = new Map<SandboxProvider, number>();

  add(entry: JournalEntry): JournalEntry {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.#counts.set(entry.provider, this.countOf(entry.provider) + 1);
    return entry;
  }

  /** Oldest first; of one test only, when its id is given. */
  read(testId: string | null): readonly JournalEntry[] {
    return testId === null ? this.#entries : this.#entries.filter((entry) => entry.testId === testId);
  }

  /** Requests since the start or the last clear. */
  countOf(provider: SandboxProvider): number {
    return this.#counts.get(provider) ?? 0;
  }

  clear(testId: string | null): void {
    if (testId === null) {
      this.#entries = [];
      this.#counts.clear();
    } else this.#entries = this.#entries.filter((entry) => entry.testId !== testId);
  }
}
