/** A chat whose object dies again and again: what readers end with, whatever they saw before. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChatWorld, say, think, toWords, type Speech } from "./chat-world.ts";
import { Reader } from "./reader.ts";

const thoughtful = (): Speech => ({
  pieces: [think("Hm. "), think("Well. "), ...Array.from({ length: 40 }, (_, index) => say(`w${index} `))],
  paceMs: 35,
});

describe("a crash while a live reader is ahead of the disk", () => {
  it("[SE52] [SE53] takes back what was not stored, and everybody ends with the same text", async () => {
    const world = new ChatWorld();
    const [live, stock] = [new Reader(world, true), new Reader(world, true)];
    live.ask("200");
    await world.clock.advance(2_400);
    live.read();
    const seen = live.chunks.length;
    world.crash();
    const storedText = world.disk.all("select body from chunk").length;
    expect(storedText).toBeGreaterThan(0);
    live.comeBack();
    expect(live.rewinds).toBe(1);
    expect(live.chunks.length).toBeLessThan(seen);
    const anew = new Reader(world, true);
    anew.comeBack();
    stock.comeBack();
    await world.finish();
    for (const reader of [live, anew, stock]) {
      reader.read();
      expect(reader.hasEnded).toBe(true);
      expect(reader.text).toBe(toWords(200));
      expect(reader.chunks).toEqual(live.chunks);
    }
    expect(world.path()).toEqual(["200", toWords(200)]);
    expect(live.parts().filter((part) => part.type === "text")).toHaveLength(1);
  });

  it("[SE52] takes nothing back from one who has only what is stored, nor from the stock wire", async () => {
    const world = new ChatWorld();
    const stock = new Reader(world, false);
    stock.ask("100");
    const live = new Reader(world, true);
    live.comeBack();
    await world.clock.advance(1_000);
    stock.read();
    const before = [...stock.chunks];
    live.leave();
    const liveCursor = live.chunks.length;
    await world.clock.advance(500);
    stock.read();
    world.crash();
    stock.comeBack();
    live.comeBack();
    await world.finish();
    stock.read();
    live.read();
    expect(live.rewinds).toBe(0);
    expect(liveCursor).toBeGreaterThan(3);
    expect(stock.chunks.slice(0, before.length)).toEqual(before);
    expect([stock.text, live.text]).toEqual([toWords(100), toWords(100)]);
  });

  it("[SE52] who slept through two crashes begins anew", async () => {
    const world = new ChatWorld();
    const live = new Reader(world, true);
    live.ask("300");
    await world.clock.advance(700);
    live.leave();
    const others = new Reader(world, true);
    world.crash();
    await world.clock.advance(1_500);
    world.crash();
    await world.clock.advance(300);
    live.comeBack();
    expect([live.rewinds, live.chunks.length > 0]).toEqual([1, true]);
    others.comeBack();
    await world.finish();
    live.read();
    others.read();
    expect([live.text, others.text]).toEqual([toWords(300), toWords(300)]);
    expect(world.chat.view.readNewest().messages.at(-1)?.metadata?.status).toBe("complete");
  });

  it("[SE40] [SE61] in the thoughts: they are taken back, and thought anew", async () => {
    const world = new ChatWorld({ speak: thoughtful });
    const live = new Reader(world, true);
    live.ask("Why?");
    await world.clock.advance(50);
    live.read();
    expect(live.text).toBe("");
    expect(live.chunks.length).toBeGreaterThan(0);
    world.crash();
    live.comeBack();
    await world.finish();
    live.read();
    expect(live.parts()).toEqual([
      { type: "step-start" },
      { type: "reasoning", text: "Hm. Well. ", state: "done" },
      { type: "text", text: toWords(40), state: "done" },
    ]);
    expect(live.parts()).toEqual(world.chat.view.readNewest().messages.at(-1)?.parts);
  });
});

describe("how often", () => {
  it("[SE44] three crashes are lived through, the fourth ends the turn with every stored word", async () => {
    const world = new ChatWorld();
    const live = new Reader(world, true);
    live.ask("400");
    for (let crash = 1; crash <= 4; crash += 1) {
      await world.clock.advance(600);
      live.read();
      world.crash();
      live.comeBack();
      if (crash < 4) expect(world.chat.isRunning).toBe(true);
    }
    expect(world.chat.hasOpenTurns).toBe(false);
    live.read();
    const answer = world.chat.view.readNewest().messages.at(-1);
    expect(answer?.metadata).toMatchObject({
      status: "incomplete",
      notice: expect.stringContaining("restarted"),
    });
    expect(live.chunks.at(-1)).toEqual({ type: "error", errorText: answer?.metadata?.notice });
    expect(toWords(400).startsWith(live.text)).toBe(true);
    expect(live.parts()).toEqual(answer?.parts);
    expect(world.calls).toHaveLength(4);
  });

  it("[SE44] a turn whose time is over does not go on", async () => {
    const world = new ChatWorld({ turnMs: 5_000 });
    const live = new Reader(world, true);
    live.ask("600");
    await world.clock.advance(5_001);
    world.crash();
    expect(world.chat.hasOpenTurns).toBe(false);
    expect(world.statuses().at(-1)).toBe("incomplete");
  });

  it.each([
    ["a second after its first word", 1_000],
    ["before its first word", 10],
  ])("[SE173] the time of one that waited begins with its turn: a crash %s", async (_, afterMs) => {
    const world = new ChatWorld({ turnMs: 5_000 });
    const socket = world.connect(true);
    world.ask(socket, "r1", "count 300");
    world.ask(socket, "r2", "count 150");
    await world.clock.advance(300 * 20 + afterMs);
    world.crash();
    expect(world.chat.isRunning).toBe(true);
    const nowMs = world.clock.nowMs();
    await world.finish();
    // Where nothing was said it begins anew.
    expect(world.calls.at(-1)?.startedMs).toBe(afterMs < 100 ? nowMs : nowMs - afterMs);
    expect(world.path().at(-1)).toBe(toWords(150));
    expect(world.statuses().at(-1)).toBe("complete");
  });

  it("[SE173] and ends with it, also where nothing was said", async () => {
    const world = new ChatWorld({ turnMs: 5_000, speak: () => ({ pieces: [say("late")], paceMs: 60_000 }) });
    const socket = world.connect(true);
    world.ask(socket, "r1", "one");
    await world.clock.advance(2_000);
    world.ask(socket, "r2", "two");
    world.send(socket, { type: "stop" });
    await world.clock.advance(5_001);
    world.crash();
    expect(world.statuses().at(-1)).toBe("failed");
  });

  it("[SE44] [SE45] without a stored word it has failed", async () => {
    const world = new ChatWorld({ continuesAfterCrash: false });
    const live = new Reader(world, true);
    live.ask("50");
    await world.clock.advance(10);
    world.crash();
    expect(world.statuses().at(-1)).toBe("failed");
    expect(world.calls).toHaveLength(1);
  });

  it("[SE45] kept as it is, the answer ends at once and what waited starts", async () => {
    const world = new ChatWorld({ continuesAfterCrash: false });
    const live = new Reader(world, true);
    live.ask("50");
    await world.clock.advance(500);
    const socket = world.connect(true);
    world.ask(socket, "r2", "2");
    world.crash();
    await world.finish();
    expect(world.statuses()).toEqual([undefined, "incomplete", undefined, "complete"]);
    expect(world.calls).toHaveLength(2);
  });

  it("[SE26] [SE25] a stop that comes in the last moment before the crash is a stop", async () => {
    const world = new ChatWorld();
    const live = new Reader(world, true);
    live.ask("50");
    await world.clock.advance(500);
    world.chat.stop(null);
    world.crash();
    expect(world.chat.hasOpenTurns).toBe(false);
    expect(world.statuses().at(-1)).toBe("cancelled");
    live.comeBack();
    live.read();
    expect(live.chunks.at(-1)).toEqual({ type: "abort" });
    expect(world.calls).toHaveLength(1);
  });

  it("[SE41] no turn has two runners: what a crash took goes on once, what waited follows in order", async () => {
    const world = new ChatWorld();
    const socket = world.connect(true);
    world.ask(socket, "r1", "20");
    world.ask(socket, "r2", "2");
    world.ask(socket, "r3", "3");
    await world.clock.advance(100);
    world.crash();
    world.chat.recover();
    await world.clock.advance(100);
    world.chat.recover();
    await world.finish();
    expect(world.calls.map(({ question }) => question)).toEqual(["20", "20", "2", "3"]);
    expect(world.path()).toEqual(["20", toWords(20), "2", toWords(2), "3", toWords(3)]);
    expect(new Set(world.ended).size).toBe(3);
  });
});

const who = fc.nat({ max: 3 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1_800 }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("crash" as const), arrives: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("leave" as const), who }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("back" as const), who }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("read" as const), who }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Plays the steps and brings everybody back; resolves when the turn has ended. */
async function play(
  world: ChatWorld,
  readers: readonly Reader[],
  steps: readonly Step[],
  maxCrashes: number,
) {
  let crashes = 0;
  for (const each of steps) {
    if (each.type === "wait") await world.clock.advance(each.ms);
    else if (each.type === "crash") {
      if (crashes === maxCrashes) continue;
      crashes += 1;
      // What was sent may be lost on its way.
      if (each.arrives) for (const reader of readers) reader.read();
      world.crash();
    } else {
      const reader = readers[each.who];
      if (each.type === "leave") reader?.leave();
      else if (each.type === "read") reader?.read();
      else if (reader?.isConnected === false) reader.comeBack();
    }
  }
  for (const reader of readers) if (!reader.isConnected) reader.comeBack();
  await world.finish();
  for (const reader of readers) reader.read();
}

const toReaders = (world: ChatWorld, isAskerLive: boolean): Reader[] =>
  [isAskerLive, true, false, true].map((isLive) => new Reader(world, isLive));

describe("whatever happens", () => {
  it("[SE53] [SE11] [SE3] readers of both wires end with the text of one who was never rewound", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isAskerLive) => {
        const world = new ChatWorld({ speak: thoughtful });
        const readers = toReaders(world, isAskerLive);
        readers[0]?.ask("Why?");
        await play(world, readers, steps, 3);
        const stored = world.chat.view.readNewest().messages.at(-1);
        expect(stored?.metadata?.status).toBe("complete");
        for (const reader of readers) {
          expect([reader.hasEnded, reader.text]).toEqual([true, toWords(40)]);
          expect(reader.parts()).toEqual(stored?.parts);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("[SE53] [SE44] [SE26] also when the crashes, or a stop before one of them, end the turn", async () => {
    const stops = fc.option(fc.nat({ max: 24 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), stops, async (steps, stopAt) => {
        const world = new ChatWorld({ speak: thoughtful });
        const readers = toReaders(world, true);
        readers[0]?.ask("Why?");
        await play(world, readers, steps.slice(0, stopAt ?? 0), 6);
        if (stopAt !== null && world.chat.hasOpenTurns) {
          world.chat.stop(null);
          world.crash();
        }
        await play(world, readers, steps.slice(stopAt ?? 0), 6);
        const stored = world.chat.view.readNewest().messages.at(-1);
        const receipts = readers.map((reader) =>
          reader.chunks.findLast((chunk) => "messageMetadata" in chunk),
        );
        for (const [index, reader] of readers.entries()) {
          expect(reader.hasEnded).toBe(true);
          expect(reader.parts()).toEqual(stored?.parts);
          expect(receipts[index]).toMatchObject({ messageMetadata: stored?.metadata });
        }
      }),
      { numRuns: 150 },
    );
  });
});
