/**
 * The legs of one answer: what a reader has been shown, who gave which part, and how the next call goes on from
 * there. It keeps the books of run-plan.ts and calls nobody. Rules RT67, RT72, RT90 to RT99.
 */
import type { Leg, TokenUsage } from "../../protocol/answer.ts";
import type { SelectionAttempt } from "../../protocol/selection.ts";
import type { ModelCall } from "../../providers/provider.ts";
import { toProviderId } from "../../providers/provider-config.ts";
import { AnswerRoom } from "../answer-room.ts";
import { countTokens } from "../attempt/attempt-log.ts";
import { toContinuedCall, type ContinuedCall } from "./continuation.ts";
import type { AttemptEnd, DriveAttemptDeps, LegEvent } from "../attempt/drive-attempt.ts";
import { estimateTokens, estimateTokensOfLength } from "../estimate-tokens.ts";
import { LegFilter, type ShownAnswer } from "./leg-filter.ts";
import type { RetryLimits } from "../next-action.ts";
import type { Target } from "../ranking/ranking-facts.ts";

/** What an earlier life of a turn has shown and paid for, as far as it was stored before the crash. */
export interface EarlierLegs {
  readonly text: string;
  readonly legs: readonly Leg[];
  /** Characters that came from each of them, for those whose tokens nobody counted. */
  readonly charactersOfLegs: readonly number[];
  readonly attempts: readonly SelectionAttempt[];
  readonly firstTokenMs: number | null;
}

export interface AnswerLegsDeps extends Pick<DriveAttemptDeps, "priceUsage"> {
  readonly takesPrefill: (target: Target) => boolean;
}

export interface AnswerLegsInput {
  readonly call: Omit<ModelCall, "modelId">;
  /** An estimate for the prompt, for legs whose provider counted nothing. */
  readonly inputTokens: number;
  /** True when nobody is shown a word before the end. */
  readonly mayStartOver: boolean;
  readonly earlier: EarlierLegs | null;
  /** What it may hold beside that, bytes of JSON; left out: as much as comes. */
  readonly maxBytes?: number;
}

/** Less than this share of what came is no count of it: some providers name a first token or two and stop there. */
const LEAST_COUNTED_SHARE = 0.5;

interface OpenLeg {
  readonly continued: ContinuedCall | null;
  /** An estimate for the shown text that it was sent. */
  readonly shownTokens: number;
  readonly controller: AbortController;
  filter: LegFilter | null;
}

export class AnswerLegs {
  private readonly deps: AnswerLegsDeps;
  private readonly input: AnswerLegsInput;
  private readonly opened = new Map<number, OpenLeg>();
  private readonly refusedPrefill = new Set<string>();
  private readonly legs: Leg[];
  /** What the calls cost that gave none, micro-dollars. */
  readonly lossesMicroUsd: (number | null)[] = [];
  private readonly room: AnswerRoom | null;
  private shown: ShownAnswer;
  /** From the start of the turn to the first word; null before it. */
  firstTokenMs: number | null;

  constructor(deps: AnswerLegsDeps, input: AnswerLegsInput) {
    this.deps = deps;
    this.input = input;
    this.legs = input.earlier === null ? [] : this.countEarlier(input.earlier);
    this.room = input.maxBytes === undefined ? null : new AnswerRoom(input.maxBytes);
    this.shown = { text: input.earlier?.text ?? "" };
    this.firstTokenMs = input.earlier?.firstTokenMs ?? null;
  }

  get isEmpty(): boolean {
    return this.legs.length === 0;
  }

  /** It may hold no more: what would have come next is left out, and nobody goes on with it. */
  get isFull(): boolean {
    return this.room?.isFull === true;
  }

  /** What there is room for of what is to be shown. */
  fit(events: LegEvent[]): LegEvent[] {
    return this.room === null ? events : this.room.fit(events);
  }

  list(): readonly Leg[] {
    return this.legs;
  }

  /** False when there is no room for more, enough legs broke, or enough was paid for them. */
  mayGoOn({ maxLegs, maxLegsMicroUsd }: RetryLimits): boolean {
    if (this.isFull) return false;
    if (this.isEmpty) return true;
    const paid = this.legs.reduce((sum, leg) => sum + (leg.costMicroUsd ?? 0), 0);
    return this.legs.length < maxLegs && paid < maxLegsMicroUsd;
  }

  /** An attempt begins: the call it makes, and what also stops it when its words cannot be joined. */
  open(attempt: number, target: Target): Pick<ContinuedCall, "call"> & { controller: AbortController } {
    const controller = new AbortController();
    const { text } = this.shown;
    const isContinued = text !== "" && !this.input.mayStartOver;
    const continued = isContinued ? toContinuedCall(this.input.call, text, this.takesPrefill(target)) : null;
    const shownTokens = continued === null ? 0 : estimateTokens(text);
    this.opened.set(attempt, { continued, shownTokens, controller, filter: null });
    return { call: continued?.call ?? this.input.call, controller };
  }

  /** An attempt speaks: the filter for its words. */
  begin(attempt: number): LegFilter {
    const leg = this.legOf(attempt);
    if (this.input.mayStartOver) this.shown = { text: "" };
    leg.filter = new LegFilter(this.shown, leg.continued);
    return leg.filter;
  }

  /** Stops a call whose words cannot be joined, or for whose words there is no room. */
  abort(attempt: number): void {
    this.legOf(attempt).controller.abort();
  }

  /** The attempt that decided has ended; what it gave is a leg when something of it was shown, or it ended well. */
  noteEnd(end: AttemptEnd): void {
    const leg = this.legOf(end.attempt);
    const { record, failure } = end;
    if (failure !== null && leg.filter?.hasShown !== true) return this.noteLoss(end);
    // Where nobody is shown a word before the end, a broken call gave none.
    if (this.input.mayStartOver && failure !== null && failure.kind !== "cancelled")
      return this.noteLoss(end);
    if (this.firstTokenMs === null && record.firstTokenMs !== null) {
      this.firstTokenMs = record.startedAtMs + record.firstTokenMs;
    }
    this.legs.push(this.toLeg(end, leg));
  }

  /**
   * A call that gave no leg: it failed before its words or with them, or lost to another. It was paid for all the same,
   * as a leg is; where its provider failed before anything came of it, it is known to have cost nothing.
   */
  noteLoss(end: AttemptEnd): void {
    const leg = this.legOf(end.attempt);
    const hasCounted = countTokens(end.record.usage) !== null;
    const hasSpoken = (leg.filter?.receivedCharacters ?? 0) > 0;
    const isPaid = hasCounted || hasSpoken || wasLetGo(end);
    this.lossesMicroUsd.push(isPaid ? this.toLeg(end, leg).costMicroUsd : 0);
  }

  /** True when this call was refused for its prefill: its target is to be asked again without. */
  noteRefusedPrefill({ attempt, target, failure }: AttemptEnd): boolean {
    if (failure?.kind !== "bad-request" || this.legOf(attempt).continued?.isPrefill !== true) return false;
    this.refusedPrefill.add(toName(target));
    return true;
  }

  /** Legs whose counts went with a crash are counted by what came of them. */
  private countEarlier({ legs, charactersOfLegs }: EarlierLegs): Leg[] {
    return legs.map((leg, index) => {
      if (leg.usage.outputTokens !== null) return leg;
      const target = { provider: toProviderId(leg.provider), model: leg.model };
      return this.estimateLeg(leg, target, charactersOfLegs[index] ?? 0, 0);
    });
  }

  private takesPrefill(target: Target): boolean {
    return this.deps.takesPrefill(target) && !this.refusedPrefill.has(toName(target));
  }

  private legOf(attempt: number): OpenLeg {
    const leg = this.opened.get(attempt);
    if (leg === undefined) throw new Error("an attempt that was never begun has ended");
    return leg;
  }

  private toLeg(end: AttemptEnd, { filter, shownTokens }: OpenLeg): Leg {
    const { provider, model, usage, costMicroUsd } = end.record;
    const counted: Leg = { provider, model, usage, costMicroUsd, estimated: false };
    if (end.failure === null) return counted;
    const receivedCharacters = filter?.receivedCharacters ?? 0;
    const leastTokens = estimateTokensOfLength(receivedCharacters) * LEAST_COUNTED_SHARE;
    if (usage.outputTokens !== null && usage.outputTokens >= leastTokens) return counted;
    return this.estimateLeg(counted, end.target, receivedCharacters, shownTokens);
  }

  /** A leg whose provider did not come to count: by what came of it, and what it was sent. */
  private estimateLeg(leg: Leg, target: Target, receivedCharacters: number, shownTokens: number): Leg {
    const usage: TokenUsage = {
      ...leg.usage,
      inputTokens: leg.usage.inputTokens ?? this.input.inputTokens + shownTokens,
      outputTokens: estimateTokensOfLength(receivedCharacters),
    };
    return { ...leg, usage, costMicroUsd: this.deps.priceUsage(target, usage), estimated: true };
  }
}

/** Its provider was at work on the prompt, and bills it, when we hung up. Rule RT72. */
function wasLetGo({ failure, isWhole }: AttemptEnd): boolean {
  if (failure?.kind === "timeout") return isWhole || failure.phase !== "connect";
  return failure?.kind === "cancelled";
}

function toName({ provider, model }: Target): string {
  return `${provider}/${model}`;
}
