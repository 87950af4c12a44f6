/** Turns an adapter's generator into the iterable that the seam promises: started at once, closed when left early. */
import type { ModelEvent } from "../provider.ts";

type Batch = readonly ModelEvent[];

/**
 * Runs `generate` at once, up to its first batch, with a signal of its own that aborts with the caller's and when
 * the caller leaves the loop. It can be iterated once; `generate` must not throw.
 */
export function startStream(
  generate: (signal: AbortSignal) => AsyncGenerator<Batch, void, undefined>,
  callerSignal: AbortSignal,
): AsyncIterable<Batch> {
  const leaving = new AbortController();
  const generator = generate(AbortSignal.any([callerSignal, leaving.signal]));
  let first: Promise<IteratorResult<Batch, void>> | null = generator.next();
  let hasEnded = false;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const started = first;
        first = null;
        const result = await (started ?? generator.next());
        hasEnded = result.done === true || isTerminal(result.value);
        return result;
      },
      async return() {
        // First the connection, then the generator: it may be waiting for bytes that never come. A call that has ended
        // well leaves its connection to the next one. Without a reason (HT281).
        if (!hasEnded) leaving.abort();
        await generator.return();
        return { done: true, value: undefined };
      },
    }),
  };
}

function isTerminal(batch: Batch): boolean {
  const last = batch[batch.length - 1];
  return last?.type === "finish" || last?.type === "fail";
}
