/** What reads the answers of a wire: text in, model events out. It knows nothing of connections. */
import type { ProviderFailureKind } from "./failure.ts";
import type { ModelEvent } from "./provider.ts";

/** One scanner for one response. After the terminal event it stays silent. */
export interface WireScanner {
  /** True once `finish` or `fail` was handed out or is about to be. */
  readonly hasEnded: boolean;
  /** True when that was, or will be, `finish`. */
  readonly hasFinished: boolean;
  /** Takes the text of one network read of a stream and returns what it means, as one batch. */
  feed(text: string): readonly ModelEvent[];
  /** Takes the answer of a call without a stream. */
  readWhole(body: unknown): readonly ModelEvent[];
  /** The body ended cleanly. */
  end(): readonly ModelEvent[];
  /** The connection died. What the provider had already called finished stays finished. */
  breakOff(kind: ProviderFailureKind, message: string): readonly ModelEvent[];
}
