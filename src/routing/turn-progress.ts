/**
 * How a turn stands with each of its candidates: which were called, what they and their circuits ask for, which were
 * passed over. It keeps the books of run-plan.ts and calls nobody. Rules RT7, RT18, RT22, RT70, RT71.
 */
import { assert } from "../base/assert.ts";
import type { ProviderId } from "../base/id.ts";
import { readTargetCircuit, type TargetCircuit } from "../circuit/target-circuit.ts";
import type { CircuitSnapshot } from "../protocol/circuit.ts";
import type { ProviderFailure } from "../providers/failure.ts";
import { findCircuitBlock, readCoolDownUntilMs } from "./circuit-block.ts";
import type { CandidateProgress, NextAction } from "./next-action.ts";
import type { Target } from "./ranking/ranking-facts.ts";
import { hasRetry, noteFirstTry, takeRetry, type RetryBudget } from "./budgets/retry-budget.ts";

interface Entry {
  readonly target: Target;
  /** The round in which it was last called; -1 when it was not. */
  triedInRound: number;
  lastFailure: ProviderFailure | null;
  /** It is to be called once more as if it had not been called yet, and for nothing. */
  mayAskAgain: boolean;
  /** When it may be called again as it asked itself, epoch milliseconds. */
  askedUntilMs: number;
  /** Why it is not called in this turn any more; null while it may be. */
  goneBecause: string | null;
  /** There is nothing here to call it with. */
  missing: boolean;
  /** It is gone without ever having been called, and that has been told. */
  passedOver: boolean;
}

export interface TurnProgressDeps {
  readonly readCircuit: (id: ProviderId) => CircuitSnapshot | null;
  readonly retryBudget: RetryBudget;
}

export class TurnProgress {
  private readonly deps: TurnProgressDeps;
  private readonly entries: readonly Entry[];
  /** Counts the waits. */
  round = 0;

  constructor(deps: TurnProgressDeps, order: readonly Target[]) {
    this.deps = deps;
    this.entries = order.map((target) => ({
      target,
      triedInRound: -1,
      lastFailure: null,
      mayAskAgain: false,
      askedUntilMs: 0,
      goneBecause: null,
      missing: false,
      passedOver: false,
    }));
  }

  /** The candidates as they stand now. One whose circuit opened is not called again, also when it closes meanwhile. */
  read(nowMs: number): CandidateProgress[] {
    return this.entries.map((entry) => {
      const circuit = this.circuitOf(entry.target);
      if (circuit !== null && circuit.status !== "CLOSED") {
        entry.goneBecause ??= findCircuitBlock(circuit, nowMs)?.reason ?? null;
      }
      const { triedInRound, mayAskAgain, lastFailure, askedUntilMs, target } = entry;
      return {
        triedInRound: mayAskAgain ? -1 : triedInRound,
        lastFailure,
        notBeforeMs: Math.max(askedUntilMs, circuit === null ? 0 : readCoolDownUntilMs(circuit)),
        hasRetry: hasRetry(this.deps.retryBudget, target.provider, nowMs),
        available: entry.goneBecause === null,
      };
    });
  }

  targetAt(index: number): Target {
    return this.entryAt(index).target;
  }

  /** A call begins: the first of a target in a turn earns, each further one takes a retry. */
  noteStart(index: number, nowMs: number): void {
    const entry = this.entryAt(index);
    const { provider } = entry.target;
    if (entry.mayAskAgain) {
      entry.mayAskAgain = false;
    } else if (entry.triedInRound < 0) {
      noteFirstTry(this.deps.retryBudget, provider, nowMs);
    } else {
      assert(
        takeRetry(this.deps.retryBudget, provider, nowMs),
        "a retry is decided on only where one is left",
      );
    }
    entry.triedInRound = this.round;
  }

  noteFailure(target: Target, failure: ProviderFailure, nowMs: number): void {
    const entry = this.entries.find((each) => each.target === target);
    assert(entry !== undefined, "only candidates are called");
    entry.lastFailure = failure;
    entry.askedUntilMs = failure.retryAfterMs === null ? 0 : nowMs + failure.retryAfterMs;
  }

  /** It refused the form of the call, not the call: as if it had not been called yet. */
  allowAgain(target: Target): void {
    const entry = this.entries.find((each) => each.target === target);
    assert(entry !== undefined, "only candidates are called");
    entry.mayAskAgain = true;
  }

  /** It cannot be called at all, which is nobody's failure. */
  dismiss(index: number, reason: string): void {
    const entry = this.entryAt(index);
    entry.goneBecause = reason;
    entry.missing = true;
    entry.passedOver = true;
  }

  /** True when not one of them can be called here at all. */
  isNobodySetUp(): boolean {
    return this.entries.every((entry) => entry.missing);
  }

  /**
   * Who a slow call is hedged with: the next candidate that was not called yet and may be now, of another provider
   * where there is one, since a provider is often slow as a whole. Null when there is none.
   */
  findHedge(slow: Target, nowMs: number): number | null {
    const free = this.read(nowMs).flatMap(({ available, triedInRound, notBeforeMs }, index) =>
      available && triedInRound < 0 && notBeforeMs <= nowMs ? [index] : [],
    );
    const elsewhere = free.find((index) => this.targetAt(index).provider !== slow.provider);
    return elsewhere ?? free[0] ?? null;
  }

  /** Candidates that the turn goes past without ever having called them, since they are gone; each is named once. */
  takePassedOver(action: NextAction): (Target & { readonly reason: string })[] {
    const reached = action.type === "attempt" ? action.index : this.entries.length;
    const passed: (Target & { readonly reason: string })[] = [];
    for (const entry of this.entries.slice(0, reached)) {
      if (entry.triedInRound >= 0 || entry.goneBecause === null || entry.passedOver) continue;
      entry.passedOver = true;
      passed.push({ ...entry.target, reason: entry.goneBecause });
    }
    return passed;
  }

  /** Candidates that were never called, with the reason. */
  listUntried(nowMs: number): (Target & { readonly reason: string })[] {
    return this.entries
      .filter((entry) => entry.triedInRound < 0)
      .map((entry) => {
        const reason = entry.goneBecause ?? this.blockOf(entry, nowMs)?.reason ?? "the turn was over before";
        return { ...entry.target, reason };
      });
  }

  /** How long the candidates' circuits will let no call through, as far as that is known. Milliseconds. */
  listWaitsMs(nowMs: number): number[] {
    return this.entries.flatMap((entry) => this.blockOf(entry, nowMs)?.retryAfterMs ?? []);
  }

  private blockOf({ target }: Entry, nowMs: number): ReturnType<typeof findCircuitBlock> {
    const circuit = this.circuitOf(target);
    return circuit === null ? null : findCircuitBlock(circuit, nowMs);
  }

  private circuitOf({ provider, model }: Target): TargetCircuit | null {
    return readTargetCircuit(this.deps.readCircuit(provider), model);
  }

  private entryAt(index: number): Entry {
    const entry = this.entries[index];
    assert(entry !== undefined, "an attempt is made of a candidate");
    return entry;
  }
}
