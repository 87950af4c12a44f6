/** How long a socket is believed, who is asked and when, and what waits for the word. */
import { describe, expect, it } from "vitest";
import { SocketStanding, toSocketRefusal, type SocketRefusal } from "../../../src/auth/socket-standing.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

type Answer = SocketRefusal | null | "away" | "silent";

function openSocket() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const closed: number[] = [];
  const saved: number[] = [];
  const faults: unknown[] = [];
  let answer: Answer = null;
  let asked = 0;
  /** A read takes ten milliseconds. */
  const ask = async (): Promise<SocketRefusal | null> => {
    asked += 1;
    const said = answer;
    await clock.sleep(said === "silent" ? 60_000 : 10);
    if (said === "away" || said === "silent") throw new Error("D1 is away, says the test");
    return said;
  };
  const host = {
    clock,
    ask,
    noteFault: (error: unknown) => void faults.push(error),
    send: (text: string) => void told.push(text),
    close: ({ code }: SocketRefusal) => void closed.push(code),
    save: (atMs: number) => void saved.push(atMs),
  };
  const standing = new SocketStanding(host, clock.nowMs());
  return {
    ...{ clock, told, closed, saved, faults, standing },
    asked: () => asked,
    answerWith: (next: Answer) => {
      answer = next;
    },
  };
}

const GONE = toSocketRefusal("gone", "chat");

describe("a socket that stands", () => {
  it("[AU34] is believed for 20 seconds: nobody is asked, whatever it does and is told", () => {
    const { standing, clock, told, asked } = openSocket();
    for (let second = 0; second <= 20; second += 1) {
      expect(standing.mayAct()).toBe(true);
      standing.send(`word ${second}`);
      clock.jump(1_000);
    }
    expect([told.length, asked()]).toEqual([21, 0]);
  });

  it("[AU34] is asked about beside the words that flow, once in 20 seconds, and no word waits", async () => {
    const { standing, clock, told, asked } = openSocket();
    for (let step = 0; step < 1_200; step += 1) {
      standing.send(`word ${step}`);
      expect(told).toHaveLength(step + 1);
      await clock.advance(100);
    }
    // Two minutes.
    expect(asked()).toBe(5);
  });

  it("[AU34] is asked about once however much comes at a time, and not at all while nothing happens", async () => {
    const { standing, clock, asked, saved } = openSocket();
    await clock.advance(3_600_000);
    expect(asked()).toBe(0);
    const acts = [standing.mayAct(), standing.mayAct(), standing.mayAct()];
    await clock.advance(10);
    expect(await Promise.all(acts.map((act) => Promise.resolve(act)))).toEqual([true, true, true]);
    expect([asked(), saved]).toEqual([1, [clock.nowMs() - 10]]);
    expect(standing.mayAct()).toBe(true);
  });

  it("[AU30] after half a minute is told nothing before the word is there, and then everything in its order", async () => {
    const { standing, clock, told } = openSocket();
    await clock.advance(31_000);
    for (const text of ["a", "b", "c"]) standing.send(text);
    expect(told).toEqual([]);
    await clock.advance(10);
    standing.send("d");
    expect(told).toEqual(["a", "b", "c", "d"]);
  });
});

describe("a socket whose opener is gone", () => {
  it("[AU30] does nothing, is told nothing and is closed once", async () => {
    const { standing, clock, told, closed, asked, answerWith } = openSocket();
    await clock.advance(31_000);
    answerWith(GONE);
    standing.send("a");
    const acts = [standing.mayAct(), standing.mayAct()];
    await clock.advance(10);
    expect(await Promise.all(acts.map((act) => Promise.resolve(act)))).toEqual([false, false]);
    standing.send("b");
    expect(standing.mayAct()).toBe(false);
    expect([told, closed, asked()]).toEqual([[], [4401], 1]);
  });

  it("[AU30] hears of a long answer for half a minute at the most", async () => {
    const { standing, clock, told, closed, answerWith } = openSocket();
    answerWith(GONE);
    for (let second = 0; second < 60; second += 1) {
      standing.send(`${second}`);
      await clock.advance(1_000);
    }
    expect(told.length).toBeLessThanOrEqual(30);
    expect(closed).toEqual([4401]);
  });
});

describe("while D1 is away", () => {
  it.each(["away", "silent"] as const)(
    "[AU35] (%s) who was vouched for is believed, no word is lost, and D1 is asked every ten seconds",
    async (how) => {
      const { standing, clock, told, closed, asked, faults, answerWith } = openSocket();
      answerWith(how);
      for (let second = 0; second < 600; second += 1) {
        standing.send(`${second}`);
        await clock.advance(1_000);
      }
      await clock.advance(60_000);
      expect(told).toEqual(Array.from({ length: 600 }, (_, second) => `${second}`));
      expect(closed).toEqual([]);
      expect(faults).toHaveLength(asked());
      expect(asked()).toBeLessThanOrEqual(60);
      answerWith(null);
      await clock.advance(10_000);
      expect(standing.mayAct()).toBe(true);
      await clock.advance(20_000);
      expect([standing.mayAct(), faults.length]).toEqual([true, asked() - 1]);
    },
  );

  it("[AU35] who was vouched for longer ago than 15 minutes is to come back", async () => {
    const { standing, clock, told, closed, answerWith } = openSocket();
    await clock.advance(16 * 60_000);
    answerWith("away");
    standing.send("a");
    const act = standing.mayAct();
    await clock.advance(10);
    expect(await act).toBe(false);
    expect([told, closed]).toEqual([[], [1013]]);
  });
});

describe("what a standing means", () => {
  it("[AU30] [AU31] [AU32] is a close code, or nothing", () => {
    const codes = (use: "chat" | "console") =>
      (["unknown", "gone", "outsider", "member", "admin"] as const).map(
        (standing) => toSocketRefusal(standing, use)?.code ?? null,
      );
    expect(codes("chat")).toEqual([1012, 4401, 4404, null, null]);
    expect(codes("console")).toEqual([1012, 4401, 4403, 4403, null]);
  });
});
