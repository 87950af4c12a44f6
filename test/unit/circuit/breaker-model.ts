/**
 * The rules of docs/spec/circuit.md a second time and in another way: this breaker only writes down what happened,
 * and reads from the whole of that what holds now. Slow; for comparison with src/circuit/breaker.ts alone
 * (breaker-model.test.ts). It shares types with it, and no code.
 */
import type { BreakerEffect, BreakerEvent } from "../../../src/circuit/breaker.ts";
import type { CircuitPolicy } from "../../../src/circuit/policy.ts";
import type { CircuitMode, CircuitStatus } from "../../../src/protocol/circuit.ts";

type Fact =
  /** A call that rates look at. */
  | { readonly type: "call"; readonly atMs: number; readonly failed: boolean; readonly slow: boolean }
  /** One more in the row. */
  | { readonly type: "failure"; readonly atMs: number; readonly requestId: string | null }
  /** A user was served well, and nothing was wrong with how fast. `beganAtMs`: the first token; null: just now. */
  | { readonly type: "served"; readonly atMs: number; readonly beganAtMs: number | null }
  | { readonly type: "reassured" }
  | { readonly type: "asked-to-wait"; readonly untilMs: number }
  | { readonly type: "granted"; readonly id: string; readonly untilMs: number }
  | { readonly type: "answered"; readonly id: string; readonly good: boolean }
  /** Somebody looked which permits are out: void ones are gone for good. */
  | { readonly type: "looked"; readonly atMs: number }
  | Change;

interface Change {
  readonly type: "change";
  readonly atMs: number;
  readonly from: CircuitStatus;
  readonly to: CircuitStatus;
  readonly cause: "trip" | "time" | "good-probe" | "reset" | "close" | "open" | "auto" | "drain";
  readonly untilMs: number;
}

/** What a model says of an effect: all but the sentences for people. */
export type ModelEffect =
  | Omit<Extract<BreakerEffect, { type: "transition" }>, "reason">
  | Omit<Extract<BreakerEffect, { type: "alert" }>, "reason">
  | Exclude<BreakerEffect, { type: "transition" | "alert" }>;

type EventOf<Type extends BreakerEvent["type"]> = Extract<BreakerEvent, { type: Type }>;

export class BreakerModel {
  private readonly policy: CircuitPolicy;
  private readonly startedAtMs: number;
  private readonly facts: Fact[] = [];
  private nowMs: number;
  private chance = 0;

  constructor(policy: CircuitPolicy, startedAtMs: number) {
    this.policy = policy;
    this.startedAtMs = startedAtMs;
    this.nowMs = startedAtMs;
  }

  take(event: BreakerEvent, nowMs: number, chance: number): ModelEffect[] {
    this.nowMs = nowMs;
    this.chance = chance;
    switch (event.type) {
      case "call-end":
        return this.takeCall(event);
      case "late-call":
        return this.takeLateCall(event.slow);
      case "confirm-end":
        return this.takeConfirmation(event);
      case "time-pass":
        return this.takeTime();
      case "permit-request":
        return this.takeRequest(event.permitId);
      case "probe-end":
        return this.takeProbe(event);
      case "control":
        return this.takeControl(event);
    }
  }

  /** Everything that can be seen of it, in words of its own. */
  look() {
    return {
      status: this.status(),
      mode: this.mode(),
      suspect: this.isSuspect(),
      openUntilMs: this.status() === "OPEN" ? (this.lastChange()?.untilMs ?? 0) : null,
      permits: this.heldPermits(),
      successes: this.goodProbes(),
      failureCount: this.failuresInRow(),
      failedRequestIds: this.failedRequestIds(),
      trips: this.tripsInRow(),
      coolDownUntilMs: this.coolDownUntilMs(),
      changedAtMs: this.lastChange()?.atMs ?? this.startedAtMs,
      totals: this.totals(),
    };
  }

  // Events

  private takeCall(event: EventOf<"call-end">): ModelEffect[] {
    if (event.verdict === "rate-limited") this.wait(event.retryAfterMs);
    if (event.verdict === "rate-limited" || event.verdict === "neutral" || this.status() !== "CLOSED")
      return [];
    const failed = event.verdict !== "success";
    this.facts.push({ type: "call", atMs: this.nowMs, failed, slow: event.slow });
    if (failed) {
      this.facts.push({ type: "failure", atMs: this.nowMs, requestId: event.requestId });
      return event.verdict === "fatal" && this.isLeftAlone() ? this.tripFatally() : this.weighFailures();
    }
    if (this.isTooSlow()) return this.trip();
    this.facts.push({ type: "served", atMs: this.nowMs, beganAtMs: event.firstTokenAtMs ?? null });
    return [];
  }

  private takeLateCall(slow: boolean): ModelEffect[] {
    if (this.status() !== "CLOSED") return [];
    this.facts.push({ type: "call", atMs: this.nowMs, failed: false, slow });
    return this.isTooSlow() ? this.trip() : [];
  }

  private takeConfirmation(event: EventOf<"confirm-end">): ModelEffect[] {
    if (this.status() !== "CLOSED") return [];
    if (event.verdict === "success") this.facts.push({ type: "reassured" });
    if (event.verdict === "rate-limited") this.wait(event.retryAfterMs);
    const counts = event.verdict === "failure" || (event.verdict === "fatal" && this.isLeftAlone());
    if (!counts) return [];
    this.facts.push({ type: "failure", atMs: this.nowMs, requestId: null });
    return event.verdict === "fatal" ? this.tripFatally() : this.weighFailures();
  }

  private takeTime(): ModelEffect[] {
    if (!this.isLeftAlone() || this.status() === "CLOSED") return [];
    if (this.status() === "OPEN") {
      const untilMs = this.lastChange()?.untilMs ?? 0;
      const { openMaxMs, fatalOpenMs, jitterShare } = this.policy;
      const longestMs = Math.max(openMaxMs, fatalOpenMs) * (1 + jitterShare);
      const isOver = untilMs <= this.nowMs || untilMs > this.nowMs + 2 * longestMs;
      return isOver ? this.change("HALF_OPEN", "time") : [{ type: "wake", atMs: untilMs }];
    }
    this.facts.push({ type: "looked", atMs: this.nowMs });
    const ends = this.heldPermits().map((permit) => permit.expiresAtMs);
    const isFull = ends.length >= this.policy.halfOpenPermits;
    return [{ type: "wake", atMs: isFull ? Math.min(...ends) : this.nowMs }];
  }

  private takeRequest(id: string): ModelEffect[] {
    const out = this.heldPermits().filter((permit) => this.isLive(permit.expiresAtMs, this.nowMs));
    const mayGo =
      this.isLeftAlone() &&
      this.status() === "HALF_OPEN" &&
      out.length < this.policy.halfOpenPermits &&
      out.every((permit) => permit.id !== id);
    if (!mayGo) return [{ type: "permit-deny" }];
    const untilMs = this.nowMs + this.policy.permitTtlMs;
    this.facts.push({ type: "looked", atMs: this.nowMs }, { type: "granted", id, untilMs });
    return [
      { type: "permit-grant", permitId: id },
      { type: "wake", atMs: untilMs },
    ];
  }

  private takeProbe(event: EventOf<"probe-end">): ModelEffect[] {
    const permit = this.heldPermits().find(({ id }) => id === event.permitId);
    if (this.status() !== "HALF_OPEN" || permit === undefined) return [];
    if (!this.isLive(permit.expiresAtMs, this.nowMs)) return [];
    if (event.verdict === "failure") return this.trip();
    if (event.verdict === "fatal") {
      this.facts.push({ type: "failure", atMs: this.nowMs, requestId: null });
      return this.tripFatally();
    }
    if (event.verdict === "rate-limited") {
      this.wait(event.retryAfterMs);
      return this.change("CLOSED", "good-probe");
    }
    this.facts.push({ type: "answered", id: event.permitId, good: event.verdict === "success" });
    if (event.verdict === "neutral") {
      const untilMs = this.nowMs + Math.min(this.policy.openBaseMs, this.policy.permitTtlMs);
      this.facts.push({ type: "granted", id: "", untilMs });
      return [{ type: "wake", atMs: untilMs }];
    }
    if (this.goodProbes() >= this.policy.halfOpenSuccesses) return this.change("CLOSED", "good-probe");
    return [{ type: "wake", atMs: this.nowMs }];
  }

  private takeControl({ action, actor }: EventOf<"control">): ModelEffect[] {
    if (action === "open") return this.change("OPEN", action, this.nowMs, actor);
    if (action === "reset" || action === "close") return this.change("CLOSED", action, 0, actor);
    const status = this.status();
    if (status === "CLOSED") return this.change("CLOSED", action, 0, actor);
    // Half-open already: the permits that are out stay out.
    return this.change("HALF_OPEN", action, 0, actor);
  }

  // What follows from an event

  private wait(askedMs: number | null): void {
    const { defaultCoolDownMs, maxCoolDownMs } = this.policy;
    const pauseMs = Math.min(askedMs === null ? defaultCoolDownMs : askedMs, maxCoolDownMs);
    this.facts.push({ type: "asked-to-wait", untilMs: this.nowMs + pauseMs });
  }

  private weighFailures(): ModelEffect[] {
    const { calls, failures } = this.totals();
    const { minimumCalls, failureRate, failureThreshold } = this.policy;
    const isTooMany = this.failuresInRow() >= failureThreshold;
    const isTooOften = calls >= minimumCalls && failures / calls >= failureRate;
    return this.isLeftAlone() && (isTooMany || isTooOften) ? this.trip() : [{ type: "confirm" }];
  }

  private isTooSlow(): boolean {
    const { calls, slow } = this.totals();
    return this.isLeftAlone() && calls >= this.policy.minimumCalls && slow / calls >= this.policy.slowRate;
  }

  private trip(): ModelEffect[] {
    let lengthMs = this.policy.openBaseMs;
    for (let before = this.tripsInRow(); before > 0 && lengthMs < this.policy.openMaxMs; before -= 1)
      lengthMs *= 2;
    return this.openFor(Math.min(lengthMs, this.policy.openMaxMs));
  }

  private tripFatally(): ModelEffect[] {
    return [...this.openFor(this.policy.fatalOpenMs), { type: "alert" }];
  }

  private openFor(lengthMs: number): ModelEffect[] {
    const extraMs = lengthMs * this.policy.jitterShare * this.chance;
    return this.change("OPEN", "trip", this.nowMs + Math.round(lengthMs + extraMs));
  }

  private change(
    to: CircuitStatus,
    cause: Change["cause"],
    untilMs = 0,
    actor: string | null = null,
  ): ModelEffect[] {
    const from = this.status();
    this.facts.push({ type: "change", atMs: this.nowMs, from, to, cause, untilMs });
    const effects: ModelEffect[] = [
      {
        type: "transition",
        from,
        to,
        failureCount: this.failuresInRow(),
        requestIds: this.failedRequestIds(),
        actor,
      },
    ];
    if (to === "OPEN") effects.push({ type: "wake", atMs: untilMs });
    if (to === "HALF_OPEN") effects.push({ type: "wake", atMs: this.nowMs });
    return effects;
  }

  // What the past says

  private lastChange(): Change | undefined {
    return this.facts.findLast((fact) => fact.type === "change");
  }

  private status(): CircuitStatus {
    return this.lastChange()?.to ?? "CLOSED";
  }

  private mode(): CircuitMode {
    const byHand = this.facts.findLast(
      (fact) => fact.type === "change" && !["trip", "time", "good-probe"].includes(fact.cause),
    );
    const cause = byHand?.type === "change" ? byHand.cause : "auto";
    if (cause === "open") return "forced-open";
    if (cause === "close") return "forced-closed";
    return cause === "drain" ? "draining" : "auto";
  }

  private isLeftAlone(): boolean {
    return this.mode() === "auto" || this.mode() === "draining";
  }

  /** The facts after the last one that `ends` a stretch, and that one. */
  private since(ends: (fact: Fact) => boolean): { readonly end: Fact | undefined; readonly facts: Fact[] } {
    const index = this.facts.findLastIndex(ends);
    return { end: this.facts[index], facts: this.facts.slice(index + 1) };
  }

  private failureStretch() {
    return this.since(
      (fact) =>
        fact.type === "served" ||
        (fact.type === "change" && ["reset", "close", "good-probe"].includes(fact.cause)),
    );
  }

  private failuresInRow(): number {
    const { end, facts } = this.failureStretch();
    const isOnTrial = end?.type === "change" && end.cause === "good-probe";
    const credit = isOnTrial ? this.policy.failureThreshold - 1 : 0;
    return credit + facts.filter((fact) => fact.type === "failure").length;
  }

  private failedRequestIds(): string[] {
    const ids = this.failureStretch().facts.map((fact) => (fact.type === "failure" ? fact.requestId : null));
    return ids.filter((id) => id !== null).slice(-10);
  }

  private tripsInRow(): number {
    const { facts } = this.since(
      (fact) => fact.type === "served" || (fact.type === "change" && ["reset", "close"].includes(fact.cause)),
    );
    return facts.filter((fact) => fact.type === "change" && fact.cause === "trip").length;
  }

  private isSuspect(): boolean {
    if (this.status() !== "CLOSED") return false;
    const { facts } = this.since(
      (fact) =>
        (fact.type === "served" && !this.wasUnderWay(fact)) ||
        fact.type === "reassured" ||
        (fact.type === "change" && !["auto", "drain"].includes(fact.cause)),
    );
    return facts.some((fact) => fact.type === "failure");
  }

  /** An answer that was under way when the last failure happened does not say that a new call would get through. */
  private wasUnderWay(served: Extract<Fact, { type: "served" }>): boolean {
    const before = this.facts.slice(0, this.facts.indexOf(served));
    const failure = before.findLast((fact) => fact.type === "failure");
    if (failure?.type !== "failure" || served.beganAtMs === null) return false;
    return served.beganAtMs < failure.atMs && failure.atMs <= served.atMs;
  }

  private coolDownUntilMs(): number | null {
    const { facts } = this.since((fact) => fact.type === "change" && ["reset", "close"].includes(fact.cause));
    let untilMs: number | null = null;
    for (const fact of facts) {
      if (fact.type === "asked-to-wait") untilMs = Math.max(untilMs ?? 0, fact.untilMs);
      if (fact.type === "served" && untilMs !== null && untilMs <= fact.atMs) untilMs = null;
    }
    return untilMs;
  }

  private halfOpenFacts(): Fact[] {
    if (this.status() !== "HALF_OPEN") return [];
    return this.since((fact) => fact.type === "change" && fact.from !== "HALF_OPEN").facts;
  }

  private goodProbes(): number {
    return this.halfOpenFacts().filter((fact) => fact.type === "answered" && fact.good).length;
  }

  /** Permits that were given, not answered, and not seen to be void. */
  private heldPermits(): { readonly id: string; readonly expiresAtMs: number }[] {
    const facts = this.halfOpenFacts();
    return facts.flatMap((fact, index) => {
      if (fact.type !== "granted") return [];
      const isGone = facts
        .slice(index + 1)
        .some(
          (later) =>
            (later.type === "answered" && later.id === fact.id) ||
            (later.type === "looked" && !this.isLive(fact.untilMs, later.atMs)),
        );
      return isGone ? [] : [{ id: fact.id, expiresAtMs: fact.untilMs }];
    });
  }

  /** A permit that would last twice as long as any does is one from before the clock went back. */
  private isLive(untilMs: number, atMs: number): boolean {
    return atMs < untilMs && untilMs - atMs <= 2 * this.policy.permitTtlMs;
  }

  private totals(): { readonly calls: number; readonly failures: number; readonly slow: number } {
    const { windowMs, bucketMs } = this.policy;
    const { facts } = this.since(
      (fact) => fact.type === "change" && ["trip", "reset", "close"].includes(fact.cause),
    );
    const calls = facts.filter((fact) => fact.type === "call");
    // Time never runs backwards in the window: a call counts no earlier than the one before it.
    let newestMs = Number.NEGATIVE_INFINITY;
    const startsMs = calls.map(({ atMs }) => (newestMs = Math.max(newestMs, atMs - (atMs % bucketMs))));
    const counted = calls.filter((_, index) => {
      const latestLookMs = Math.max(this.nowMs, ...calls.slice(index + 1).map((later) => later.atMs));
      return (startsMs[index] ?? 0) + bucketMs > latestLookMs - windowMs;
    });
    return {
      calls: counted.length,
      failures: counted.filter((call) => call.failed).length,
      slow: counted.filter((call) => call.slow).length,
    };
  }
}
