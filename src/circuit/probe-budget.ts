/** What probes of one provider may cost in a day. Days are UTC. Rule CB57. */
import { z } from "zod";

// PERSISTED
export const ProbeSpend = z.object({ day: z.string(), microUsd: z.int().nonnegative() });
export type ProbeSpend = z.infer<typeof ProbeSpend>;

export interface ProbeSpendStore {
  loadSpend(): ProbeSpend | null;
  saveSpend(spend: ProbeSpend): void;
}

/** Booked for a probe whose price nobody knows: the budget must bound those too. */
const UNKNOWN_COST_MICRO_USD = 1_000;

export class ProbeBudget {
  private readonly store: ProbeSpendStore;
  private current: ProbeSpend;

  constructor(store: ProbeSpendStore) {
    this.store = store;
    this.current = store.loadSpend() ?? { day: "", microUsd: 0 };
  }

  /** True while today's probes have cost less than the limit, micro-dollars. */
  mayGenerate(nowMs: number, limitMicroUsd: number): boolean {
    return this.today(nowMs).microUsd < limitMicroUsd;
  }

  spentToday(nowMs: number): number {
    return this.today(nowMs).microUsd;
  }

  spend(nowMs: number, costMicroUsd: number | null): void {
    const cost = costMicroUsd ?? UNKNOWN_COST_MICRO_USD;
    if (cost === 0) return;
    const today = this.today(nowMs);
    this.current = { day: today.day, microUsd: today.microUsd + cost };
    this.store.saveSpend(this.current);
  }

  private today(nowMs: number): ProbeSpend {
    const day = new Date(nowMs).toISOString().slice(0, 10);
    return this.current.day === day ? this.current : { day, microUsd: 0 };
  }
}
