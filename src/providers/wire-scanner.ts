/** What reads the answers of a wire: text in, model events out. It knows nothing of connections; each wire has its own. */
import type { ProviderFailureKind } from "./failure.ts";
import { isObject } from "./is-object.ts";
import type { ModelEvent } from "./provider.ts";
import { ScannedEvents } from "./scanned-events.ts";

/** One scanner for one response. After the terminal event it stays silent. */
export abstract class WireScanner {
  protected readonly found: ScannedEvents;
  private readonly endName: string;

  /** `endName`: what the wire's answers end with, for the log. */
  constructor(secrets: readonly string[], endName: string) {
    this.found = new ScannedEvents(secrets);
    this.endName = endName;
  }

  /** True once `finish` or `fail` was handed out or is about to be. */
  get hasEnded(): boolean {
    return this.found.hasEnded;
  }

  /** True when that was, or will be, `finish`. */
  get hasFinished(): boolean {
    return this.found.hasFinished;
  }

  /** Takes the text of one network read of a stream and returns what it means, as one batch. */
  feed(text: string): readonly ModelEvent[] {
    if (!this.found.hasEnded) this.readText(text);
    return this.found.take();
  }

  /** Takes the answer of a call without a stream. */
  readWhole(body: unknown): readonly ModelEvent[] {
    if (isObject(body)) this.readBody(body);
    else this.found.fail("malformed", "the answer is not an object");
    return this.found.take();
  }

  /** The body ended cleanly. */
  end(): readonly ModelEvent[] {
    this.finishOrFail();
    return this.found.take();
  }

  /** The connection died. What the provider had already called finished stays finished. */
  breakOff(kind: ProviderFailureKind, message: string): readonly ModelEvent[] {
    if (kind === "cancelled" || !this.finishAsTold()) this.found.fail(kind, message);
    return this.found.take();
  }

  /** An answer whose provider has not said that it ends is cut, however whole it looks. */
  protected finishOrFail(): void {
    if (!this.finishAsTold()) this.found.failCut(this.endName);
  }

  protected abstract readText(text: string): void;
  protected abstract readBody(body: Record<string, unknown>): void;
  /** Finishes the answer if its provider has said how it ends; false where it has not. */
  protected abstract finishAsTold(): boolean;
}
