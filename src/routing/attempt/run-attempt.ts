/**
 * One provider call under deadlines. Passes the adapter's batches on and turns an expired deadline into a
 * `timeout` failure; keeps no state beyond the call. Rules RT25 to RT27, RT77.
 */
import type { Clock } from "../../base/clock.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../protocol/answer.ts";
import { toThrownMessage } from "../../providers/failure-message.ts";
import type { ProviderFailure } from "../../providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../../providers/provider.ts";
import { AbortableStream } from "./abortable-stream.ts";
import type { Deadlines } from "./deadlines.ts";
import { Watchdog } from "./watchdog.ts";

/** Our own stop and our own deadline come first: an adapter may take either for a fault of the connection. */
function judgeFailure(
  given: ProviderFailure,
  { stop, signal, expired }: { stop: AbortSignal; signal: AbortSignal; expired: ProviderFailure | null },
): ProviderFailure {
  const isCancelled = stop.aborted || (signal.aborted && expired === null);
  return isCancelled ? { ...given, kind: "cancelled", retryAfterMs: null } : (expired ?? given);
}

function brokenAdapter(watchdog: Watchdog, message: string): ProviderFailure {
  return { kind: "stream-cut", phase: watchdog.failurePhase(), status: null, retryAfterMs: null, message };
}

function isToken(event: ModelEvent): boolean {
  if (isLife(event)) return false;
  return (
    event.type !== "response-start" &&
    event.type !== "bytes" &&
    event.type !== "finish" &&
    event.type !== "fail"
  );
}

/** It says that the model is there, and nothing else: nobody is shown it, and nobody is chosen by it. */
function isLife(event: ModelEvent | undefined): boolean {
  return event?.type === "reasoning-delta" && event.text === "" && event.proof === undefined;
}

/**
 * Yields the call's events in the adapter's batches; the last event is `finish` or `fail`, exactly one, and it
 * never throws. Aborting `stop`, or `controller` for this call alone, ends with `cancelled`, a moment later at the
 * latest; `controller` is aborted here when a deadline passes.
 */
export async function* runAttempt(
  provider: Provider,
  call: ModelCall,
  deadlines: Deadlines,
  clock: Clock,
  stop: AbortSignal,
  controller: AbortController = new AbortController(),
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  // Each signal costs as much as a word does: one for all reasons to stop.
  const signal = AbortSignal.any([stop, controller.signal]);
  let expired: ProviderFailure | null = null;
  const watchdog = new Watchdog(clock, deadlines, (failure) => {
    if (signal.aborted) return;
    expired = failure;
    controller.abort();
  });
  const toFail = (given: ProviderFailure, usage: TokenUsage): ModelEvent => ({
    type: "fail",
    failure: judgeFailure(given, { stop, signal, expired }),
    usage,
  });
  const toBroken = (message: string): ModelEvent[] => [
    toFail(brokenAdapter(watchdog, message), UNKNOWN_USAGE),
  ];
  let stream: AbortableStream<readonly ModelEvent[]> | null = null;
  let hasEnded = false;
  try {
    stream = new AbortableStream(provider.stream(call, signal), signal, clock);
    for (;;) {
      const next = await stream.next();
      // An adapter with a bug: the reader must still get an end.
      if (next === "deaf" || next.done === true) {
        const how = next === "deaf" ? "did not heed the abort" : "ended without a terminal event";
        yield toBroken(`the adapter ${how}`);
        return;
      }
      const given = next.value;
      if (given[0]?.type === "response-start") watchdog.noteHeaders();
      if (given.some(isToken)) watchdog.noteToken();
      const last = given[given.length - 1];
      if (isLife(last)) watchdog.noteLife();
      const batch = given.some(isLife) ? given.filter((event) => !isLife(event)) : given;
      if (batch.length === 0) continue;
      hasEnded = last?.type === "fail" || last?.type === "finish";
      if (last?.type === "fail") {
        yield [...batch.slice(0, -1), toFail(last.failure, last.usage)];
        return;
      }
      watchdog.noteReaderAway();
      yield batch;
      if (last?.type === "finish") return;
      watchdog.noteReaderBack();
    }
  } catch (error) {
    // So has one that throws: the turn goes on with the next candidate, and the log has the message.
    yield toBroken(`the adapter threw: ${toThrownMessage(error)}`);
  } finally {
    watchdog.stop();
    // An abort costs as much as a word does: what has ended by itself is only closed, and nobody waits for that.
    if (hasEnded) void stream?.close();
    else {
      controller.abort();
      await stream?.close();
    }
  }
}
