/** The calls a circuit last heard of, for the console's card. In memory only: it can do without them after a sleep. */
import type { CircuitCall, CircuitDetail } from "../protocol/circuit.ts";
import { quantile } from "./quantile.ts";

/** What fits on a card. */
const CALLS_KEPT = 20;

export class RecentCalls {
  private calls: readonly CircuitCall[] = [];

  note(call: CircuitCall): void {
    const { kind, model, ok, error, requestId } = call;
    const [atMs, latencyMs] = [Math.round(call.atMs), Math.round(call.latencyMs)];
    this.calls = [{ atMs, kind, model, ok, latencyMs, error, requestId }, ...this.calls].slice(0, CALLS_KEPT);
  }

  /** The card's part, newest call first; percentiles are over the good calls of users. */
  toDetail(): Pick<CircuitDetail, "recentCalls" | "firstTokenP50Ms" | "firstTokenP95Ms"> {
    const latencies = this.calls
      .filter((call) => call.kind === "call" && call.ok)
      .map((call) => call.latencyMs);
    return {
      recentCalls: [...this.calls],
      firstTokenP50Ms: quantile(latencies, 0.5),
      firstTokenP95Ms: quantile(latencies, 0.95),
    };
  }
}
