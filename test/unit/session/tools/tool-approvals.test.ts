/** Tool calls that wait for a person's word. */
import { describe, expect, it } from "vitest";
import { ToolApprovals } from "../../../../src/session/tools/tool-approvals.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

function open() {
  const clock = new VirtualClock();
  return { clock, approvals: new ToolApprovals(clock), stop: new AbortController() };
}

describe("a call that waits", () => {
  it.each([true, false])(
    "[SE81] gets the word that is given (%s), once, and nothing is left behind",
    async (word) => {
      const { clock, approvals, stop } = open();
      const waiting = approvals.wait("a1", stop.signal);
      await clock.advance(599_999);
      expect(approvals.decide("a1", word)).toBe(true);
      expect(approvals.decide("a1", !word)).toBe(false);
      expect(await waiting).toBe(word);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it("[SE81] of which nobody says anything for ten minutes is a no", async () => {
    const { clock, approvals, stop } = open();
    const waiting = approvals.wait("a1", stop.signal);
    await clock.advance(600_000);
    expect(await waiting).toBe(false);
    expect(approvals.decide("a1", true)).toBe(false);
  });

  it("[SE81] ends with a stop, also one that came before it", async () => {
    const { clock, approvals, stop } = open();
    const waiting = approvals.wait("a1", stop.signal);
    stop.abort();
    expect(await waiting).toBe(false);
    expect(await approvals.wait("a2", stop.signal)).toBe(false);
    expect([approvals.decide("a1", true), approvals.decide("a2", true)]).toEqual([false, false]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[SE81] does not hear the word on another one", async () => {
    const { clock, approvals, stop } = open();
    const [one, two] = [approvals.wait("a1", stop.signal), approvals.wait("a2", stop.signal)];
    expect(approvals.decide("unknown", true)).toBe(false);
    approvals.decide("a2", true);
    expect(await two).toBe(true);
    expect(clock.pendingTimers).toBe(1);
    approvals.decide("a1", false);
    expect(await one).toBe(false);
  });
});
