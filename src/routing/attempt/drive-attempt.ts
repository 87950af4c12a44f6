/**
 * One attempt of a turn: calls the target's provider, passes its words on, and comes back with how it went, ready
 * for the record. It neither reports nor logs nor decides what comes next: that is run-plan.ts.
 */
import type { Clock } from "../../base/clock.ts";
import { UNKNOWN_USAGE, type FinishReason, type TokenUsage } from "../../protocol/answer.ts";
import type { SelectionAttempt } from "../../protocol/selection.ts";
import type { ProviderFailure } from "../../providers/failure.ts";
import { toNative, type ModelCall, type ModelEvent, type Provider } from "../../providers/provider.ts";
import type { TurnDeadlines } from "./deadlines.ts";
import type { Target } from "../ranking/ranking-facts.ts";
import { runAttempt } from "./run-attempt.ts";
import { SilenceWatch } from "./silence-watch.ts";

export interface DriveAttemptDeps {
  readonly clock: Clock;
  /** Micro-dollars, or null when the price is unknown. */
  readonly priceUsage: (target: Target, usage: TokenUsage) => number | null;
  readonly deadlines: TurnDeadlines;
}

export interface DriveAttemptInput {
  readonly provider: Provider;
  readonly target: Target;
  /** Which call of the turn this is, from 1. */
  readonly attempt: number;
  /** Started beside a slow one. */
  readonly hedge: boolean;
  /** The call without its model, which the target brings. */
  readonly call: Omit<ModelCall, "modelId">;
  /** When the turn began, epoch milliseconds. */
  readonly turnStartedMs: number;
  /** The reader's: aborted, it stops every attempt of the turn. */
  readonly signal: AbortSignal;
  /** Stops this attempt alone. */
  readonly controller: AbortController;
}

export type ContentEvent = Exclude<ModelEvent, { type: "response-start" | "bytes" | "finish" | "fail" }>;

export type LegEvent =
  /** A target has begun to answer; what follows is its leg. */
  { readonly type: "leg-start"; readonly target: Target; readonly attempt: number } | ContentEvent;

export interface AttemptEnd {
  readonly target: Target;
  /** Which call of the turn this was, from 1. */
  readonly attempt: number;
  readonly failure: ProviderFailure | null;
  readonly finishReason: FinishReason | null;
  /** What a native call's wire ended with; empty for every other call. */
  readonly native: readonly Record<string, unknown>[];
  readonly hadContent: boolean;
  /** Cancelled because another target spoke first, after it had kept its reader waiting for longer than usual. */
  readonly late?: boolean;
  /** The turn's time was over, which is not the provider's fault. */
  readonly turnOver: boolean;
  /** The answer came in one piece: when its first token was there nobody knows. */
  readonly isWhole: boolean;
  /** Output tokens a second after the first; null when the call was too short to tell. */
  readonly tokensPerSecond: number | null;
  readonly record: SelectionAttempt;
}

/** Yields the words in the adapter's batches, headed by a `leg-start`; returns how the attempt went. Never throws. */
export async function* driveAttempt(
  deps: DriveAttemptDeps,
  input: DriveAttemptInput,
): AsyncGenerator<readonly LegEvent[], AttemptEnd, undefined> {
  const { clock } = deps;
  const { target, attempt, provider, signal, controller } = input;
  const call: ModelCall = { ...input.call, modelId: target.model };
  const notes = new AttemptNotes(clock.nowMs(), isWholeCall(input));
  const silence = watchSilence(deps, input, notes);
  const events = runAttempt(provider, call, toOwnDeadlines(deps, input), clock, signal, controller);
  try {
    for await (const batch of events) {
      const content: LegEvent[] = [];
      for (const event of batch) {
        if (event.type === "response-start") continue;
        if (event.type === "finish" || event.type === "fail") {
          notes.end(event);
          silence?.stop();
          continue;
        }
        if (event.type === "bytes") {
          silence?.noteBytes(event.isBlank);
          continue;
        }
        if (notes.noteContent(event, clock.nowMs())) content.push({ type: "leg-start", target, attempt });
        content.push(event);
      }
      if (content.length === 0) continue;
      const yieldedMs = clock.nowMs();
      yield content;
      notes.awayMs += clock.nowMs() - yieldedMs;
    }
  } finally {
    silence?.stop();
  }
  return notes.toEnd(deps, input);
}

/** Of an answer in one piece; null for every other one, which has its deadlines. */
function watchSilence(
  { clock, deadlines }: DriveAttemptDeps,
  input: DriveAttemptInput,
  notes: AttemptNotes,
): SilenceWatch | null {
  if (!isWholeCall(input)) return null;
  const { provider, signal, controller } = input;
  return new SilenceWatch({
    clock,
    provider,
    deadlines,
    onGone: (failure) => {
      if (signal.aborted || controller.signal.aborted) return;
      notes.gone = failure;
      controller.abort();
    },
  });
}

/** No attempt outlasts its turn. */
function toOwnDeadlines({ clock, deadlines }: DriveAttemptDeps, input: DriveAttemptInput): TurnDeadlines {
  const turnLeftMs = Math.max(1, input.turnStartedMs + deadlines.turnMs - clock.nowMs());
  const totalMs = Math.min(turnLeftMs, deadlines.totalMs);
  // Nothing is heard of an answer that comes in one piece until it is there: SilenceWatch looks after it.
  if (isWholeCall(input)) {
    return { ...deadlines, headersMs: totalMs, firstTokenMs: totalMs, gapMs: totalMs, totalMs };
  }
  return totalMs < deadlines.totalMs ? { ...deadlines, totalMs } : deadlines;
}

/** True when the provider is asked for the whole answer in one piece. */
export function isWholeCall({ provider, call }: Pick<DriveAttemptInput, "provider" | "call">): boolean {
  return toNative(call, provider.nativeWire)?.stream === false;
}

/** Fewer tokens, or less time for them, say more about the network's packets than about the model. */
const LEAST_TOKENS_FOR_RATE = 16;
const LEAST_TIME_FOR_RATE_MS = 200;

/** What is noted of an attempt while it runs. */
class AttemptNotes {
  /** How long the reader kept the attempt waiting, milliseconds. */
  awayMs = 0;
  /** Why we have stopped the call ourselves: nobody is there, or nothing more comes. */
  gone: ProviderFailure | null = null;
  private readonly startedMs: number;
  private firstTokenMs: number | null = null;
  private sawReasoning = false;
  private finishReason: FinishReason | null = null;
  private failure: ProviderFailure | null = null;
  private usage: TokenUsage = UNKNOWN_USAGE;
  private native: readonly Record<string, unknown>[] = [];
  private readonly isWhole: boolean;

  constructor(startedMs: number, isWhole: boolean) {
    this.startedMs = startedMs;
    this.isWhole = isWhole;
  }

  /** True for the first content. */
  noteContent(event: ContentEvent, nowMs: number): boolean {
    if (event.type === "reasoning-delta") this.sawReasoning = true;
    if (this.firstTokenMs !== null) return false;
    this.firstTokenMs = Math.max(0, nowMs - this.startedMs);
    return true;
  }

  end(event: Extract<ModelEvent, { type: "finish" | "fail" }>): void {
    this.usage = event.usage;
    if (event.type === "fail") {
      this.failure = event.failure.kind === "cancelled" ? (this.gone ?? event.failure) : event.failure;
      return;
    }
    this.finishReason = event.finishReason;
    this.native = event.native ?? [];
  }

  toEnd(deps: DriveAttemptDeps, input: DriveAttemptInput): AttemptEnd {
    const { failure, finishReason, firstTokenMs, usage, native, isWhole } = this;
    const { target, attempt, turnStartedMs, hedge } = input;
    const nowMs = deps.clock.nowMs();
    const durationMs = Math.max(0, nowMs - this.startedMs);
    return {
      target,
      attempt,
      failure,
      finishReason,
      native,
      isWhole,
      hadContent: firstTokenMs !== null,
      turnOver: failure?.kind === "timeout" && nowMs >= turnStartedMs + deps.deadlines.turnMs,
      tokensPerSecond: failure === null ? this.toTokensPerSecond(durationMs) : null,
      record: {
        ...target,
        startedAtMs: Math.max(0, this.startedMs - turnStartedMs),
        durationMs,
        firstTokenMs: isWhole ? null : firstTokenMs,
        outcome: failure === null ? "success" : failure.kind === "cancelled" ? "cancelled" : "failure",
        error: failure === null ? null : `${failure.kind}: ${failure.message}`,
        hedge,
        usage,
        costMicroUsd: deps.priceUsage(target, usage),
      },
    };
  }

  private toTokensPerSecond(durationMs: number): number | null {
    const { outputTokens, reasoningTokens } = this.usage;
    if (this.firstTokenMs === null || outputTokens === null) return null;
    // Thoughts that were not shown came before the first token.
    const shown = outputTokens - (this.sawReasoning ? 0 : (reasoningTokens ?? 0));
    const timeMs = durationMs - this.firstTokenMs - this.awayMs;
    if (shown < LEAST_TOKENS_FOR_RATE || timeMs < LEAST_TIME_FOR_RATE_MS) return null;
    return ((shown - 1) * 1_000) / timeMs;
  }
}
