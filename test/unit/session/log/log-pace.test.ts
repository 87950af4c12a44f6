/** When a running answer is sent and when it is stored, on a clock that only moves when it is told to. */
import { describe, expect, it } from "vitest";
import { LogPace } from "../../../../src/session/log/log-pace.ts";
import { StreamLog } from "../../../../src/session/log/stream-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { MemoryLogStore } from "../session-fakes.ts";

function open(hasStock: () => boolean = () => false) {
  const clock = new VirtualClock();
  const store = new MemoryLogStore();
  const log = new StreamLog(store);
  const startedMs = clock.nowMs();
  /** When something new was shown, and when what is stored was told. */
  const sentAtMs: number[] = [];
  const savedAtMs: number[] = [];
  let shown = 0;
  const faults: unknown[] = [];
  const pace = new LogPace({
    onNotStored: (error) => faults.push(error),
    clock,
    log,
    hasStock,
    deliver: (saved) => {
      const atMs = clock.nowMs() - startedMs;
      if (log.nextSequence > shown) sentAtMs.push(atMs);
      shown = log.nextSequence;
      if (!saved) return;
      savedAtMs.push(atMs);
      expect(log.storedSequence).toBe(log.nextSequence);
    },
  });
  const say = (delta = "x"): void => {
    log.append([{ type: "text-delta", id: "text-0", delta }]);
    pace.note();
  };
  /** A word every so many milliseconds. */
  const talk = async (durationMs: number, everyMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += everyMs) {
      say();
      await clock.advance(everyMs);
    }
  };
  return { clock, store, log, pace, say, talk, sentAtMs, savedAtMs, faults };
}

const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));

describe("sending", () => {
  it("[SE9] the first words go out at once, further ones together after 60 ms", async () => {
    const { clock, log, say, sentAtMs, savedAtMs } = open();
    await clock.advance(100);
    say("One");
    expect([sentAtMs, savedAtMs]).toEqual([[100], []]);
    await clock.advance(10);
    say(" two");
    await clock.advance(10);
    say(" three");
    await clock.advance(200);
    expect(sentAtMs).toEqual([100, 160]);
    expect(log.nextSequence).toBe(2);
    say(" four");
    expect(sentAtMs).toEqual([100, 160, 320]);
  });

  it("[SE9] of a fast answer no two frames come closer than 60 ms", async () => {
    const { talk, sentAtMs } = open();
    await talk(3_000, 1);
    expect(Math.min(...gaps(sentAtMs))).toBeGreaterThanOrEqual(60);
    expect(sentAtMs.length).toBeGreaterThan(40);
  });

  it("[SE9] nothing to say, nothing sent", async () => {
    const { clock, pace, sentAtMs } = open();
    pace.note();
    await clock.advance(5_000);
    expect([sentAtMs, clock.pendingTimers]).toEqual([[], 0]);
  });
});

describe("storing", () => {
  it("[SE51] without a stock follower: after 250 ms, after 1 s, then in steps that grow to 3 s", async () => {
    const { talk, savedAtMs } = open();
    await talk(20_000, 20);
    expect(savedAtMs.slice(0, 8)).toEqual([250, 1_250, 2_750, 4_750, 7_250, 10_250, 13_250, 16_250]);
  });

  it("[SE51] of fifteen seconds of text seven rows are stored before the end", async () => {
    const { talk, store } = open();
    await talk(15_000, 19);
    expect(store.rows).toHaveLength(7);
  });

  it("[SE51] with a stock follower the first words at once, then every 250 ms", async () => {
    const { talk, savedAtMs } = open(() => true);
    await talk(5_000, 10);
    expect(savedAtMs[0]).toBe(0);
    expect(gaps(savedAtMs).every((gapMs) => gapMs >= 250 && gapMs <= 260)).toBe(true);
  });

  it("[SE51] a stock follower that comes does not wait for the long step, and one that goes brings it back", async () => {
    let hasStock = false;
    const { talk, savedAtMs } = open(() => hasStock);
    await talk(5_000, 20);
    const before = savedAtMs.length;
    hasStock = true;
    await talk(1_000, 20);
    expect(savedAtMs.length - before).toBeGreaterThanOrEqual(3);
    hasStock = false;
    const since = savedAtMs.length;
    await talk(2_900, 20);
    expect(savedAtMs.length - since).toBeLessThanOrEqual(1);
  });

  it("[SE51] what was said last is stored in time also when nothing follows it", async () => {
    const { clock, say, store, log, savedAtMs } = open();
    say("One");
    await clock.advance(300);
    say(" two");
    expect([log.nextSequence, log.storedSequence]).toEqual([2, 1]);
    await clock.advance(10_000);
    expect(log.storedSequence).toBe(2);
    expect(savedAtMs).toEqual([250, 1_250]);
    expect(store.rows).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[SE52] never is more than three seconds of text at the mercy of a crash", async () => {
    const { clock, log, say, savedAtMs } = open();
    let unstoredSinceMs: number | null = null;
    let longestMs = 0;
    for (let step = 0; step < 4_000; step += 1) {
      // Bursts, words, and silences of all lengths.
      if (step % 7 < 4 && step % 613 < 400) say();
      await clock.advance(7);
      if (log.storedSequence === log.nextSequence) unstoredSinceMs = null;
      else unstoredSinceMs ??= clock.nowMs();
      if (unstoredSinceMs !== null) longestMs = Math.max(longestMs, clock.nowMs() - unstoredSinceMs);
    }
    expect(longestMs).toBeLessThanOrEqual(3_000);
    expect(savedAtMs.length).toBeGreaterThan(5);
  });

  it("[SE9] [SE51] stopped, it leaves no timer and stores nothing more", async () => {
    const { clock, pace, say, store } = open();
    say("One");
    await clock.advance(10);
    say(" two");
    expect(clock.pendingTimers).toBe(2);
    pace.stop();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10_000);
    expect(store.rows).toEqual([]);
  });
});

describe("storage that is away for a moment", () => {
  it("[SE262] takes nothing from who may see what is not stored, and gets it a second later, also when nothing more comes", async () => {
    const { clock, store, log, talk, sentAtMs, savedAtMs, faults } = open();
    const append = store.append.bind(store);
    store.append = () => {
      throw new Error("storage is away");
    };
    await talk(600, 100);
    expect([sentAtMs.length, savedAtMs, faults.length]).toEqual([6, [], 1]);
    store.append = append;
    await clock.advance(1_000);
    expect(savedAtMs).toEqual([1_250]);
    expect(log.storedSequence).toBe(log.nextSequence);
  });
});
