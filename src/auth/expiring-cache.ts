/**
 * A bounded map whose entries die after a fixed time. Plain data in one isolate: it makes the check of an API key
 * free for a while, at the price of noticing a revocation elsewhere only when the entry dies.
 */
export class ExpiringCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly expiresAtMs: number }>();
  readonly #lifetimeMs: number;
  readonly #maxEntries: number;

  constructor(lifetimeMs: number, maxEntries: number) {
    this.#lifetimeMs = lifetimeMs;
    this.#maxEntries = maxEntries;
  }

  /** The value, or undefined when there is none that still lives. */
  read(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.expiresAtMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Keeps a value; the oldest entry makes room when the map is full. */
  save(key: string, value: Value, nowMs: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#maxEntries) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, expiresAtMs: nowMs + this.#lifetimeMs });
  }

  /** Forgets every value that matches. */
  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, entry] of this.#entries) if (matches(entry.value)) this.#entries.delete(key);
  }
}
