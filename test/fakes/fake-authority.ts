/**
 * A circuit authority in memory: its answers can be late, lost, refused, or out of order. It does not decide
 * anything; a test gives it the snapshots.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { CircuitAuthority } from "../../src/circuit/client.ts";
import type { CallOutcome } from "../../src/circuit/outcome.ts";
import { NOTHING_USUAL, type CircuitSnapshot, type ModelCircuit } from "../../src/protocol/circuit.ts";

export interface AuthorityCall {
  readonly type: "read" | "report";
  readonly provider: string;
  readonly atMs: number;
  readonly outcomes: readonly CallOutcome[];
}

export const snapshotOf = (provider: string, changes: Partial<CircuitSnapshot> = {}): CircuitSnapshot => ({
  provider,
  version: 1,
  status: "CLOSED",
  mode: "auto",
  suspect: false,
  openUntilMs: null,
  coolDownUntilMs: null,
  reason: "fake",
  failureCount: 0,
  failureThreshold: 3,
  changedAtMs: 0,
  models: [],
  ...changes,
});

export const modelCircuitOf = (model: string, changes: Partial<ModelCircuit> = {}): ModelCircuit => ({
  model,
  mode: "auto",
  status: "CLOSED",
  suspect: false,
  openUntilMs: null,
  coolDownUntilMs: null,
  reason: "fake",
  failureCount: 0,
  usual: NOTHING_USUAL,
  ...changes,
});

export class FakeAuthority implements CircuitAuthority {
  readonly calls: AuthorityCall[] = [];
  /** How long each answer takes, milliseconds; null never answers. */
  delayMs: number | null = 0;
  /** Every call fails, after its delay. */
  gone = false;
  private readonly clock: Clock;
  private readonly snapshots = new Map<string, CircuitSnapshot>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  set(snapshot: CircuitSnapshot): void {
    this.snapshots.set(snapshot.provider, snapshot);
  }

  get reads(): readonly AuthorityCall[] {
    return this.calls.filter((call) => call.type === "read");
  }

  get reports(): readonly AuthorityCall[] {
    return this.calls.filter((call) => call.type === "report");
  }

  readSnapshot(provider: string): Promise<CircuitSnapshot> {
    this.calls.push({ type: "read", provider, atMs: this.clock.nowMs(), outcomes: [] });
    return this.answer(provider);
  }

  reportOutcomes(provider: string, outcomes: readonly CallOutcome[]): Promise<CircuitSnapshot> {
    this.calls.push({ type: "report", provider, atMs: this.clock.nowMs(), outcomes: [...outcomes] });
    return this.answer(provider);
  }

  /** The answer is what was true when the question came, however late it arrives. */
  private async answer(provider: string): Promise<CircuitSnapshot> {
    const snapshot = this.snapshots.get(provider) ?? snapshotOf(provider, { version: 0 });
    const { gone, delayMs } = this;
    if (delayMs === null) return new Promise(() => {});
    if (delayMs > 0) await this.clock.sleep(delayMs);
    if (gone) throw new Error("the authority is gone");
    return snapshot;
  }
}
