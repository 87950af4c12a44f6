/** The tests of many rules stand on this clock, so it has its own. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

describe("virtual clock", () => {
  it("[RT25] runs what is due in order, each at its own time, and nothing that was cancelled", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.startTimer(20, () => seen.push(`b@${clock.nowMs()}`));
    clock.startTimer(10, () => {
      seen.push(`a@${clock.nowMs()}`);
      clock.startTimer(5, () => seen.push(`nested@${clock.nowMs()}`));
    });
    clock.startTimer(20, () => seen.push(`c@${clock.nowMs()}`));
    clock.startTimer(12, () => seen.push("never"))();
    await clock.advance(19);
    expect(seen).toEqual(["a@10", "nested@15"]);
    await clock.advance(1);
    expect(seen).toEqual(["a@10", "nested@15", "b@20", "c@20"]);
    expect([clock.nowMs(), clock.pendingTimers]).toEqual([20, 0]);
  });

  it("[RT25] lets promises go on before the next timer runs", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const walk = async (): Promise<void> => {
      await clock.sleep(10);
      for (let step = 0; step < 50; step += 1) await Promise.resolve();
      seen.push(`walked@${clock.nowMs()}`);
    };
    const walking = walk();
    clock.startTimer(11, () => seen.push("timer"));
    await clock.advance(100);
    await walking;
    expect(seen).toEqual(["walked@10", "timer"]);
  });

  it("[RT27] a sleep ends with its signal and leaves no timer behind", async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const sleeping = clock.sleep(1_000, stop.signal);
    stop.abort();
    await sleeping;
    await clock.sleep(1_000, stop.signal);
    expect([clock.nowMs(), clock.pendingTimers]).toEqual([0, 0]);
  });

  it("[RT25] says so when work waits for something that never comes", async () => {
    const clock = new VirtualClock(0);
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow("no timer of this clock");
    await expect(clock.runUntil(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});
