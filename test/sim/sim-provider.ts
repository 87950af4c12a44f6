/**
 * A provider in the simulated world: treats each call as its behaviour says, on the virtual clock, and keeps a book
 * of its own of what was asked and what it told its callers to have used. It keeps the seam's promises
 * (src/providers/provider.ts).
 */
import type { Clock } from "../../src/base/clock.ts";
import type { ProviderId } from "../../src/base/id.ts";
import type { Random } from "../../src/base/random.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../src/protocol/answer.ts";
import type { FailurePhase, ProviderFailure, ProviderFailureKind } from "../../src/providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../../src/providers/provider.ts";
import type { Behaviour, Manner } from "./behaviour.ts";
import { isContinuing, isPrefill, toPieces, toSpokenText } from "./sim-answer.ts";

export type CallPurpose = "call" | "probe" | "ping";

/** One line in the provider's own book. */
export interface BookedCall {
  readonly provider: string;
  readonly model: string;
  /** Who asks: an isolate or a health object, by name. */
  readonly caller: string;
  readonly region: string;
  readonly purpose: CallPurpose;
  /** From the start of the scenario, milliseconds. */
  readonly startedAtMs: number;
  readonly manner: Manner["type"];
  endedAtMs: number | null;
  /** What the caller was told it used; null while it was told nothing. */
  told: TokenUsage | null;
}

export interface Caller {
  readonly name: string;
  readonly region: string;
}

export interface SimProviderDeps {
  readonly id: ProviderId;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly random: Random;
  readonly startedMs: number;
  /** Models that refuse a prompt that ends with the beginning of an answer. */
  readonly refusesPrefill: (model: string) => boolean;
}

/** Pieces of an answer, and tokens in each: enough to tell a rate, few enough to be quick. */
const PIECES = 4;
const TOKENS_PER_PIECE = 12;
const PIECES_BEFORE_DEATH = 2;
/** A probe asks for a word. */
const PROBE_PIECES = 1;
const INPUT_TOKENS = 200;
const PREFILL_REFUSED_AFTER_MS = 40;

export class SimProvider {
  readonly id: ProviderId;
  readonly book: BookedCall[] = [];
  private readonly deps: SimProviderDeps;
  private continuingCalls = 0;

  constructor(deps: SimProviderDeps) {
    this.id = deps.id;
    this.deps = deps;
  }

  /** The provider as one caller reaches it. */
  seenBy(caller: Caller, purpose: "call" | "probe"): Provider {
    return {
      id: this.id,
      stream: (call, signal) => {
        const entry = this.enter(caller, call.modelId, purpose);
        return this.play(entry, call, signal);
      },
      ping: (signal) => this.ping(this.enter(caller, "", "ping"), signal),
    };
  }

  private enter(caller: Caller, model: string, purpose: CallPurpose): { entry: BookedCall; manner: Manner } {
    const { id, behaviour, clock, random, startedMs } = this.deps;
    const atMs = clock.nowMs() - startedMs;
    const manner = behaviour({ atMs, model, region: caller.region, random });
    const entry: BookedCall = {
      provider: id,
      model,
      caller: caller.name,
      region: caller.region,
      purpose,
      startedAtMs: atMs,
      manner: manner.type,
      endedAtMs: null,
      told: null,
    };
    this.book.push(entry);
    return { entry, manner };
  }

  private async ping(
    { entry, manner }: { entry: BookedCall; manner: Manner },
    signal: AbortSignal,
  ): Promise<ProviderFailure | null> {
    const { clock } = this.deps;
    try {
      if (manner.type === "refuse") {
        await clock.sleep(manner.afterMs, signal);
        return signal.aborted ? toFailure("cancelled", "connect") : toRefusal(manner);
      }
      if (manner.type === "hang" && manner.phase === "connect") await untilAborted(signal);
      else await clock.sleep(manner.headersMs, signal);
      return signal.aborted ? toFailure("cancelled", "connect") : null;
    } finally {
      this.close(entry);
    }
  }

  private async *play(
    { entry, manner }: { entry: BookedCall; manner: Manner },
    call: ModelCall,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ModelEvent[], void, undefined> {
    const pieces = toPieces(this.speak(call), entry.purpose === "probe" ? PROBE_PIECES : PIECES);
    const tell = (last: ModelEvent): readonly ModelEvent[] => {
      if (last.type === "finish" || last.type === "fail") entry.told = last.usage;
      this.close(entry);
      return [last];
    };
    let phase: FailurePhase = "connect";
    let outputTokens = 0;
    const { clock } = this.deps;
    try {
      for (const step of this.toSteps(manner, call, pieces.length)) {
        if (step.type === "hang") await untilAborted(signal);
        else await clock.sleep(step.afterMs, signal);
        if (signal.aborted) {
          yield tell({
            type: "fail",
            failure: toFailure("cancelled", phase),
            usage: toUsage(phase, outputTokens),
          });
          return;
        }
        if (step.type === "headers") {
          phase = "first-token";
          yield [{ type: "response-start" }];
        } else if (step.type === "piece") {
          phase = "stream";
          outputTokens += TOKENS_PER_PIECE;
          yield [{ type: "text-delta", text: pieces[outputTokens / TOKENS_PER_PIECE - 1] ?? "" }];
        } else if (step.type === "finish") {
          yield tell({ type: "finish", finishReason: "stop", usage: toUsage("stream", outputTokens) });
          return;
        } else if (step.type === "fail") {
          yield tell({
            type: "fail",
            failure: step.failure,
            // A connection that is gone tells nothing any more.
            usage:
              step.failure.kind === "stream-reset"
                ? UNKNOWN_USAGE
                : toUsage(step.failure.phase, outputTokens),
          });
          return;
        }
      }
    } finally {
      this.close(entry);
    }
  }

  private speak(call: ModelCall): string {
    if (isContinuing(call)) this.continuingCalls += 1;
    return toSpokenText(call, this.continuingCalls);
  }

  private toSteps(manner: Manner, call: ModelCall, pieces: number): Step[] {
    if (manner.type === "refuse" || !isPrefill(call) || !this.deps.refusesPrefill(call.modelId)) {
      return toSteps(manner, pieces);
    }
    return [
      { type: "fail", afterMs: PREFILL_REFUSED_AFTER_MS, failure: toFailure("bad-request", "connect", 400) },
    ];
  }

  private close(entry: BookedCall): void {
    entry.endedAtMs ??= this.deps.clock.nowMs() - this.deps.startedMs;
  }
}

type Step =
  | { readonly type: "headers" | "piece" | "finish"; readonly afterMs: number }
  | { readonly type: "fail"; readonly afterMs: number; readonly failure: ProviderFailure }
  | { readonly type: "hang" };

function toSteps(manner: Manner, pieces: number): Step[] {
  if (manner.type === "refuse")
    return [{ type: "fail", afterMs: manner.afterMs, failure: toRefusal(manner) }];
  const headers: Step = { type: "headers", afterMs: manner.headersMs };
  const first: Step = { type: "piece", afterMs: manner.firstTokenMs };
  if (manner.type === "hang") {
    const before = { connect: [], "first-token": [headers], stream: [headers, first] }[manner.phase];
    return [...before, { type: "hang" }];
  }
  const { wordMs } = manner;
  const toPieces = (count: number): Step[] =>
    Array.from({ length: count - 1 }, () => ({ type: "piece", afterMs: wordMs }));
  if (manner.type === "die") {
    const failure = toFailure(manner.kind, "stream", 200);
    return [headers, first, ...toPieces(PIECES_BEFORE_DEATH), { type: "fail", afterMs: wordMs, failure }];
  }
  return [headers, first, ...toPieces(pieces), { type: "finish", afterMs: 1 }];
}

/** Nothing before the headers, the prompt from then on, what was said so far from the first piece on. */
function toUsage(phase: FailurePhase, outputTokens: number): TokenUsage {
  if (phase === "connect") return UNKNOWN_USAGE;
  return { ...UNKNOWN_USAGE, inputTokens: INPUT_TOKENS, outputTokens };
}

function toFailure(
  kind: ProviderFailureKind,
  phase: FailurePhase,
  status: number | null = null,
): ProviderFailure {
  return { kind, phase, status, retryAfterMs: null, message: `simulated ${kind}` };
}

function toRefusal(manner: Extract<Manner, { type: "refuse" }>): ProviderFailure {
  const { kind, status, retryAfterMs } = manner;
  return { ...toFailure(kind, "connect", status), retryAfterMs };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
