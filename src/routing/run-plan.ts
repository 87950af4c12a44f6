/**
 * Drives a plan to one answer: attempts in order, hedges, fallback, backoff, and an end that always says what happened; the
 * same for chats and for HTTP. What outlives the call is handed in. Rules RT18 to RT29, RT70 to RT85, RT90 to RT99, SE171.
 */
import type { ProviderId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { CallOutcome } from "../circuit/outcome.ts";
import { readTargetCircuit } from "../circuit/target-circuit.ts";
import type { CircuitSnapshot } from "../protocol/circuit.ts";
import type { SelectionAttempt } from "../protocol/selection.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import type { ModelCall, Provider } from "../providers/provider.ts";
import { NO_ROOM, toAnswerEnd, toUnaskedFailure, type AnswerEnd } from "./answer-end.ts";
import { logAllFailed, logAttempt, logSkipped } from "./attempt/attempt-log.ts";
import type { BackoffPolicy } from "./backoff.ts";
import { AnswerLegs, type EarlierLegs } from "./legs/answer-legs.ts";
import { toCallOutcome } from "./call-outcome.ts";
import {
  isWholeCall,
  type AttemptEnd,
  type DriveAttemptDeps,
  type DriveAttemptInput,
  type LegEvent,
} from "./attempt/drive-attempt.ts";
import { passLeg } from "./legs/pass-leg.ts";
import { noteCall, takeHedge, toHedgeAfterMs, type HedgeBudget } from "./budgets/hedge-budget.ts";
import { driveHedgedAttempt, type HedgeChoice } from "./attempt/hedged-attempt.ts";
import { decideNextAction, type NextAction, type RetryLimits } from "./next-action.ts";
import { toNothingConfigured, toUnavailable, type Plan } from "./ranking/plan.ts";
import type { Target } from "./ranking/ranking-facts.ts";
import type { RetryBudget } from "./budgets/retry-budget.ts";
import { TurnProgress } from "./turn-progress.ts";

export type { AnswerEnd } from "./answer-end.ts";

export interface RunPlanDeps extends DriveAttemptDeps {
  readonly random: Random;
  readonly log: Log;
  /** Null for a provider that is not set up here. */
  readonly findProvider: (id: ProviderId) => Provider | null;
  readonly readCircuit: (id: ProviderId) => CircuitSnapshot | null;
  /** Takes note of a finished call; returns at once. */
  readonly reportOutcome: (id: ProviderId, outcome: CallOutcome) => void;
  readonly limits: RetryLimits;
  readonly backoff: BackoffPolicy;
  /** Shared by all turns of the isolate. */
  readonly retryBudget: RetryBudget;
  /** Shared by all turns of the isolate; null when hedging is switched off. */
  readonly hedgeBudget: HedgeBudget | null;
  /** True for a target that goes on from the beginning of an answer that it is given (src/routing/legs/continuation.ts). */
  readonly takesPrefill: (target: Target) => boolean;
}

export interface RunPlanInput {
  readonly plan: Plan;
  /** The call without its model, which each candidate brings. */
  readonly call: Omit<ModelCall, "modelId">;
  readonly requestId: string;
  /** What was asked for, for the log's `model_class`. */
  readonly requested: readonly string[];
  /** When the turn began, epoch milliseconds: every time on record counts from here. */
  readonly startedMs: number;
  /** True when nobody is shown a word before the end: a failure after the first word starts over elsewhere. */
  readonly mayStartOver?: boolean;
  /** What an earlier life of the turn has shown already; left out for an answer that begins. */
  readonly earlier?: EarlierLegs;
  /** What the answer may hold beside that, bytes of JSON; left out: as much as comes. Rule SE171. */
  readonly maxBytes?: number;
  /** Aborted when the reader says stop. */
  readonly signal: AbortSignal;
}

export type AnswerEvent = LegEvent | AnswerEnd;

/** Yields batches of events; the last event of the last batch is `answer-end`, exactly one, and is returned. Never throws. */
export async function* runPlan(
  deps: RunPlanDeps,
  input: RunPlanInput,
): AsyncGenerator<readonly AnswerEvent[], AnswerEnd, undefined> {
  const run = new PlanRun(deps, input);
  for (const target of input.plan.skipped) logSkipped(deps.log, input.requestId, target, target.reason);
  for (;;) {
    const action = run.decide();
    if (action.type === "give-up") break;
    if (action.type === "wait") {
      await run.wait(action);
      continue;
    }
    const first = run.start(action.index, false);
    if (first === null) continue;
    const stream = driveHedgedAttempt(deps, first, run.toHedgeChoice(first));
    const served = run.noteEnd(yield* passLeg(run.legs, stream));
    if (served === null) continue;
    yield [served];
    return served;
  }
  const unserved = run.toUnserved();
  yield [unserved];
  return unserved;
}

const TIME_IS_OVER = "The time for this answer was over before a model could be asked. Ask again.";
const NOT_SET_UP = "this provider is not set up here";

/** The books of one turn. */
class PlanRun {
  private readonly deps: RunPlanDeps;
  private readonly input: RunPlanInput;
  private readonly progress: TurnProgress;
  private readonly ends: AttemptEnd[] = [];
  readonly legs: AnswerLegs;
  private callsBegun: number;
  private lastFailure: ProviderFailure | null = null;
  /** A failed attempt of which it is not known yet whether another one follows. */
  private unlogged: AttemptEnd | null = null;

  constructor(deps: RunPlanDeps, input: RunPlanInput) {
    this.deps = deps;
    this.input = input;
    this.progress = new TurnProgress(deps, input.plan.order);
    this.callsBegun = input.earlier?.attempts.length ?? 0;
    this.legs = new AnswerLegs(deps, {
      ...input,
      inputTokens: input.plan.decision.needs.inputTokens,
      mayStartOver: input.mayStartOver === true,
      earlier: input.earlier ?? null,
    });
  }

  decide(): NextAction {
    const action = this.findNext();
    if (this.unlogged !== null) this.logEnd(this.unlogged, action.type !== "give-up");
    this.unlogged = null;
    for (const target of this.progress.takePassedOver(action)) {
      logSkipped(this.deps.log, this.input.requestId, target, target.reason);
    }
    return action;
  }

  async wait(action: Extract<NextAction, { type: "wait" }>): Promise<void> {
    this.progress.round = action.round;
    await this.deps.clock.sleep(action.durationMs, this.input.signal);
  }

  /** Null when the candidate's provider is not set up here: it is passed over, and nobody is blamed. */
  start(index: number, hedge: boolean): DriveAttemptInput | null {
    const { clock, hedgeBudget, log } = this.deps;
    const target = this.progress.targetAt(index);
    const provider = this.deps.findProvider(target.provider);
    if (provider === null) {
      this.progress.dismiss(index, NOT_SET_UP);
      logSkipped(log, this.input.requestId, target, NOT_SET_UP);
      return null;
    }
    this.progress.noteStart(index, clock.nowMs());
    if (hedgeBudget !== null && !hedge) noteCall(hedgeBudget, clock.nowMs());
    this.callsBegun += 1;
    const { startedMs: turnStartedMs, signal } = this.input;
    const { call, controller } = this.legs.open(this.callsBegun, target);
    return { provider, target, attempt: this.callsBegun, hedge, call, turnStartedMs, signal, controller };
  }

  toHedgeChoice(first: DriveAttemptInput): HedgeChoice {
    const { hedgeBudget, readCircuit } = this.deps;
    const circuit = readTargetCircuit(readCircuit(first.target.provider), first.target.model);
    // Of an answer that comes in one piece nobody knows when its first word is late.
    const isPossible = hedgeBudget !== null && !isWholeCall(first) && this.input.plan.order.length > 1;
    return {
      afterMs: isPossible && circuit !== null ? toHedgeAfterMs(circuit.usual) : null,
      start: () => this.startHedge(first.target),
      noteOtherEnd: (end) => this.noteOtherEnd(end),
    };
  }

  /** Takes note of the attempt that decided; the answer's end, or null when the turn goes on. */
  noteEnd(end: AttemptEnd): AnswerEnd | null {
    this.take(end);
    const isCancelled = end.failure?.kind === "cancelled";
    this.legs.noteEnd(end);
    if (end.failure === null || isCancelled) {
      this.logEnd(end, false);
      return this.toEnd(isCancelled ? "cancelled" : "complete", end);
    }
    this.unlogged = end;
    this.noteFailure(end, end.failure);
    return null;
  }

  /** Nobody could be asked any more, with or without words before it, or the reader said stop. */
  toUnserved(): AnswerEnd {
    if (this.input.signal.aborted) return this.toEnd("cancelled", null);
    const { requestId, requested, plan } = this.input;
    const untried = this.progress.listUntried(this.deps.clock.nowMs());
    const leftOut = plan.candidates.filter((candidate) => candidate.place === null);
    const attempts = this.listAttempts();
    // Where the time was over before anybody could be asked, or there is no room for more, nobody has failed.
    if (!this.legs.isFull && (attempts.length > 0 || !this.isTimeOver())) {
      logAllFailed(this.deps.log, { requestId, requested, attempts, notTried: [...untried, ...leftOut] });
    }
    return this.toEnd(this.legs.isEmpty ? "failed" : "incomplete", null);
  }

  private toEnd(status: AnswerEnd["status"], end: AttemptEnd | null): AnswerEnd {
    const isBroken = status === "failed" || status === "incomplete";
    return toAnswerEnd({
      status,
      finishReason: end?.finishReason ?? null,
      ...(end === null || end.native.length === 0 ? {} : { native: end.native }),
      failure: isBroken ? (this.lastFailure ?? this.toUnasked()) : null,
      attempts: this.listAttempts(),
      legs: this.legs.list(),
      lossesMicroUsd: this.legs.lossesMicroUsd,
      firstTokenMs: this.legs.firstTokenMs,
      durationMs: Math.max(0, this.deps.clock.nowMs() - this.input.startedMs),
    });
  }

  private findNext(): NextAction {
    if (this.input.signal.aborted || !this.legs.mayGoOn(this.deps.limits)) return { type: "give-up" };
    const { limits, backoff, random, clock, deadlines } = this.deps;
    const nowMs = clock.nowMs();
    return decideNextAction({
      candidates: this.progress.read(nowMs),
      round: this.progress.round,
      attemptsMade: this.callsBegun,
      nowMs,
      turnEndsMs: this.input.startedMs + deadlines.turnMs,
      limits,
      backoff,
      random,
    });
  }

  private startHedge(slow: Target): DriveAttemptInput | null {
    const { clock, hedgeBudget, limits } = this.deps;
    if (hedgeBudget === null || this.callsBegun >= limits.maxAttempts) return null;
    if (this.input.signal.aborted) return null;
    for (;;) {
      const index = this.progress.findHedge(slow, clock.nowMs());
      if (index === null) return null;
      const { provider } = this.progress.targetAt(index);
      // Paid for only when there is somebody to call.
      if (this.deps.findProvider(provider) !== null && !takeHedge(hedgeBudget, clock.nowMs())) return null;
      const input = this.start(index, true);
      if (input !== null) return input;
    }
  }

  /** One of two attempts has ended and the other goes on: it lost, or it failed and the other is the next attempt. */
  private noteOtherEnd(end: AttemptEnd): void {
    this.take(end);
    this.legs.noteLoss(end);
    if (end.failure !== null && end.failure.kind !== "cancelled") this.noteFailure(end, end.failure);
    this.logEnd(end, true);
  }

  private take(end: AttemptEnd): void {
    this.ends.push(end);
    const { clock, reportOutcome } = this.deps;
    reportOutcome(end.target.provider, toCallOutcome(end, this.input.requestId, clock.nowMs()));
  }

  private noteFailure(end: AttemptEnd, failure: ProviderFailure): void {
    if (this.legs.noteRefusedPrefill(end)) {
      this.progress.allowAgain(end.target);
      return;
    }
    this.progress.noteFailure(end.target, failure, this.deps.clock.nowMs());
    this.lastFailure = failure;
  }

  private logEnd(end: AttemptEnd, willRetry: boolean): void {
    logAttempt(this.deps.log, this.input.requestId, end, willRetry);
  }

  /** Nobody was asked: the sentence is the one the plan would have given. */
  private toUnasked(): ProviderFailure {
    if (this.legs.isFull) return NO_ROOM;
    // An earlier life of the turn has used up what an answer may take.
    if (!this.legs.mayGoOn(this.deps.limits)) return toUnaskedFailure("stream-cut", "nobody may go on", null);
    if (this.progress.isNobodySetUp()) {
      const { message } = toNothingConfigured(this.input.plan.order);
      return toUnaskedFailure("model-not-found", message, null);
    }
    if (this.isTimeOver()) return toUnaskedFailure("timeout", TIME_IS_OVER, null);
    const { message, retryAfterMs } = toUnavailable(this.progress.listWaitsMs(this.deps.clock.nowMs()));
    return toUnaskedFailure("overloaded", message, retryAfterMs);
  }

  private isTimeOver(): boolean {
    return this.deps.clock.nowMs() >= this.input.startedMs + this.deps.deadlines.turnMs;
  }

  /** In the order in which they were begun, those of an earlier life of the turn first. */
  private listAttempts(): SelectionAttempt[] {
    const ends = this.ends.toSorted((left, right) => left.attempt - right.attempt);
    return [...(this.input.earlier?.attempts ?? []), ...ends.map(({ record }) => record)];
  }
}
