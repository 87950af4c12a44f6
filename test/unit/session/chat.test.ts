/** One chat and its tabs: the queue, stopping at any moment, slow sockets, who is told what. */
import { describe, expect, it } from "vitest";
import { MAX_UNACKNOWLEDGED_BYTES } from "../../../src/protocol/session-frame.ts";
import { ChatWorld, say, textOf, toWords } from "./chat-world.ts";
import type { FakeSocket } from "./session-fakes.ts";

/** Nearly all that a message can hold: an eighteenth of a full socket every 100 ms. */
const PIECE = "x".repeat(MAX_UNACKNOWLEDGED_BYTES / 18);
const large = () => ({
  pieces: Array.from({ length: 128 }, () => say(PIECE)),
  paceMs: 100,
});

/** As a page does it: everything that is here has arrived. */
function acknowledge(world: ChatWorld, socket: FakeSocket, requestId: string): void {
  const sequence = socket.sequencesOf(requestId).at(-1);
  if (sequence !== undefined) world.send(socket, { type: "ack", requestId, sequence });
}

describe("the wires", () => {
  it("[SE52] [SE7] a live tab is shown words before they are stored, a stock one after", async () => {
    const world = new ChatWorld();
    const live = world.connect(true);
    world.ask(live, "r1", "200");
    await world.clock.advance(900);
    expect(live.textOf("r1")).toContain("w40");
    expect(JSON.stringify(world.disk.all("select body from chunk"))).not.toContain("w20");
    const stock = world.connect(false);
    world.resume(stock, "r2");
    expect(stock.textOf("r2")).toMatch(/^w0 .*w11 $/);
    await world.clock.advance(300);
    expect(stock.textOf("r2")).toContain("w50");
    expect(live.of("durable").length).toBeGreaterThan(1);
    await world.finish();
    expect([live.textOf("r1"), stock.textOf("r2")]).toEqual([toWords(200), toWords(200)]);
    expect(new Set(stock.types)).toEqual(new Set(["start", "chunk", "end"]));
  });

  it("[SE9] a hundred tabs get the same frames at the same time, at most every 60 ms", async () => {
    const world = new ChatWorld();
    const tabs = Array.from({ length: 100 }, () => world.connect(true));
    const [asker] = tabs;
    if (asker === undefined) throw new Error("unreachable");
    world.ask(asker, "r1", "100");
    await world.finish();
    const chunks = asker.of("chunk");
    const deltas = chunks.filter(({ chunk }) => chunk.type === "text-delta");
    // Two seconds of words, the first of them at once and the last with the end.
    expect(deltas.length).toBeLessThan(2_000 / 60 + 2);
    for (const tab of tabs) expect(tab.of("chunk")).toEqual(chunks);
  });

  it("[SE54] a live client that comes back in the next turn is not shown the beginning of another", async () => {
    const world = new ChatWorld();
    const [one, two] = [world.connect(true), world.connect(true)];
    world.ask(one, "r1", "100");
    await world.clock.advance(500);
    const [started] = one.of("turn-started");
    const cursor = one.sequencesOf("r1").at(-1);
    world.disconnect(one);
    await world.finish();
    const back = world.connect(true);
    world.resume(back, "b1", { turnId: started?.turn.turnId, generation: 0, lastSequence: cursor });
    expect(back.of("end")).toHaveLength(1);
    expect(one.textOf("r1") + back.textOf("b1")).toBe(toWords(100));
    world.ask(two, "r2", "50");
    await world.clock.advance(500);
    world.resume(back, "b2", { turnId: started?.turn.turnId, generation: 0, lastSequence: cursor });
    expect(back.frames.filter((frame) => "requestId" in frame && frame.requestId === "b2")).toEqual([
      { type: "no-active", requestId: "b2" },
    ]);
    world.resume(back, "b3");
    await world.finish();
    expect(back.textOf("b3")).toBe(toWords(50));
  });

  it("[SE54] a resume that names a waiting turn gets it from its beginning", async () => {
    const world = new ChatWorld();
    const [one, two] = [world.connect(false), world.connect(true)];
    world.ask(one, "r1", "20");
    world.ask(one, "r2", "5");
    const waiting = world.store.readLastTurn();
    world.resume(two, "mine", { turnId: waiting?.turnId });
    await world.finish();
    expect(two.textOf("mine")).toBe(toWords(5));
    expect(two.sequencesOf("mine")).toEqual(two.sequencesOf("mine").map((_, index) => index));
  });

  it("[SE12] an unknown turn, and one that ended more than 15 minutes ago, are not active", async () => {
    const world = new ChatWorld();
    const socket = world.connect(true);
    world.resume(socket, "a", { turnId: "turn_of_somebody" });
    world.ask(socket, "r1", "3");
    await world.finish();
    await world.clock.advance(15 * 60_000);
    world.resume(socket, "b");
    await world.clock.advance(1);
    world.resume(socket, "c");
    expect(socket.of("no-active").map(({ requestId }) => requestId)).toEqual(["a", "c"]);
    expect(socket.textOf("b")).toBe(toWords(3));
  });
});

describe("slow sockets", () => {
  it("[SE55] [SE56] one that acknowledges nothing is sent 256 KiB and closed; the others have everything", async () => {
    const world = new ChatWorld({ speak: large });
    const [quick, stock, stuck] = [world.connect(true), world.connect(false), world.connect(true)];
    world.ask(quick, "r1", "A lot, please");
    world.resume(stock, "r2");
    let closedAtMs: number | null = null;
    const startedMs = world.clock.nowMs();
    for (let step = 0; step < 450; step += 1) {
      await world.clock.advance(100);
      acknowledge(world, quick, "r1");
      if (stuck.closing !== null) closedAtMs ??= world.clock.nowMs() - startedMs;
    }
    await world.finish();
    const toBytes = (socket: FakeSocket): number =>
      socket.of("chunk").reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
    expect(toBytes(stuck)).toBeLessThan(MAX_UNACKNOWLEDGED_BYTES * 1.3);
    expect(stuck.closing).toEqual({ code: 4408, reason: expect.stringContaining("too slow") });
    expect(closedAtMs).toBeGreaterThanOrEqual(30_000);
    expect(closedAtMs).toBeLessThanOrEqual(35_000);
    for (const [socket, id] of [
      [quick, "r1"],
      [stock, "r2"],
    ] as const) {
      expect(socket.textOf(id)).toHaveLength(128 * PIECE.length);
      expect(socket.of("end")).toHaveLength(1);
    }
    expect(quick.of("hello")).toHaveLength(1);
  });

  it("[SE56] one that is stuck is closed also when the answer has ended and nothing more is said", async () => {
    const world = new ChatWorld({ speak: () => ({ ...large(), paceMs: 1 }) });
    const stuck = world.connect(true);
    world.ask(stuck, "r1", "A lot, please");
    await world.finish();
    expect(stuck.closing).toBeNull();
    expect(stuck.of("turn-ended")).toEqual([]);
    await world.clock.advance(30_000);
    expect(stuck.closing).toMatchObject({ code: 4408 });
  });

  it("[SE55] [SE56] one that fell behind catches up when it acknowledges, and is told how things stand", async () => {
    const world = new ChatWorld({ speak: large });
    const [asker, tab] = [world.connect(false), world.connect(true)];
    world.ask(asker, "r1", "A lot, please");
    await world.clock.advance(6_000);
    const before = tab.sequencesOf("r1").length;
    await world.clock.advance(3_000);
    expect(tab.sequencesOf("r1")).toHaveLength(before);
    acknowledge(world, tab, "r1");
    expect(tab.sequencesOf("r1").length).toBeGreaterThan(before + 6);
    expect(tab.of("hello")).toHaveLength(2);
    for (let step = 0; step < 200; step += 1) {
      await world.clock.advance(50);
      acknowledge(world, tab, "r1");
    }
    await world.finish();
    const all = tab.sequencesOf("r1");
    expect(all).toEqual(all.map((_, index) => index));
    expect(tab.textOf("r1")).toBe(asker.textOf("r1"));
    expect(tab.closing).toBeNull();
  });

  it("[SE55] one that owes a word on an answer is sent nothing of the next", async () => {
    const world = new ChatWorld({ speak: () => ({ ...large(), paceMs: 1 }) });
    const [asker, stuck, quick] = [world.connect(false), world.connect(true), world.connect(true)];
    world.ask(asker, "r1", "A lot, please");
    await world.finish();
    world.send(quick, { type: "ack", requestId: "r1", sequence: quick.sequencesOf("r1").length - 1 });
    world.ask(asker, "r2", "More, please");
    await world.finish();
    expect([quick.sequencesOf("r2").length > 0, stuck.sequencesOf("r2"), stuck.closing]).toEqual([
      true,
      [],
      null,
    ]);
  });

  it("[SE56] one that was behind at the end is told the whole message by a hello", async () => {
    const world = new ChatWorld({ speak: () => ({ ...large(), paceMs: 1 }) });
    const tab = world.connect(true);
    world.ask(tab, "r1", "A lot, please");
    await world.finish();
    acknowledge(world, tab, "r1");
    const hello = tab.of("hello").at(-1);
    expect(hello?.activeTurn).toBeNull();
    expect(textOf(hello?.messages.at(-1)?.parts ?? [])).toHaveLength(128 * PIECE.length);
    await world.clock.advance(60_000);
    expect(tab.closing).toBeNull();
  });
});

describe("stopping", () => {
  it.each([0, 1, 19, 20, 21, 70, 1_000])(
    "[SE24] %i ms after the question ends the turn as cancelled",
    async (atMs) => {
      const world = new ChatWorld();
      const [asker, other] = [world.connect(true), world.connect(true)];
      world.ask(asker, "r1", "500");
      await world.clock.advance(atMs);
      world.send(other, { type: "stop" });
      world.send(other, { type: "stop" });
      await world.clock.settle();
      expect(world.chat.hasOpenTurns).toBe(false);
      expect(world.statuses()).toEqual([undefined, "cancelled"]);
      const answer = world.chat.view.readNewest().messages.at(-1);
      expect(textOf(answer?.parts ?? [])).toBe(asker.textOf("r1"));
      for (const tab of [asker, other]) expect(tab.of("chunk").at(-1)?.chunk).toEqual({ type: "abort" });
      expect(world.clock.pendingTimers).toBe(0);
    },
  );

  it("[SE24] takes a waiting turn back by name, from any tab, and leaves the running one alone", async () => {
    const world = new ChatWorld();
    const [asker, other] = [world.connect(true), world.connect(true)];
    world.ask(asker, "r1", "20");
    world.ask(asker, "r2", "5");
    const waiting = world.store.readLastTurn();
    world.send(other, { type: "stop", turnId: waiting?.turnId });
    world.send(other, { type: "stop", turnId: waiting?.turnId });
    world.send(other, { type: "stop", turnId: "turn_of_somebody" });
    expect(world.chat.isRunning).toBe(true);
    await world.finish();
    expect(world.statuses()).toEqual([undefined, "complete", undefined, "cancelled"]);
    expect(world.calls).toHaveLength(1);
  });

  it("[SE24] of everything takes back what waits as well, and says whether there was something", async () => {
    const world = new ChatWorld();
    const asker = world.connect(true);
    expect(world.chat.stopAll()).toBe(false);
    for (const id of ["r1", "r2", "r3"]) world.ask(asker, id, "20");
    await world.clock.advance(100);
    expect(world.chat.stopAll()).toBe(true);
    await world.finish();
    expect(world.statuses()).toEqual([
      undefined,
      "cancelled",
      undefined,
      "cancelled",
      undefined,
      "cancelled",
    ]);
    expect(world.calls).toHaveLength(1);
  });

  it("[SE33] a chat that closes ends what runs and begins nothing more", async () => {
    const world = new ChatWorld();
    const asker = world.connect(true);
    world.ask(asker, "r1", "20");
    world.ask(asker, "r2", "20");
    await world.clock.advance(100);
    await world.chat.close();
    world.ask(asker, "r3", "20");
    await world.clock.advance(10_000);
    expect(world.calls).toHaveLength(1);
    expect(world.ended).toEqual([expect.stringMatching(/cancelled$/)]);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe("a first question without words", () => {
  it("[SE31] gives no name: the first one with words does", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    const image = "data:image/gif;base64,R0lGODlhAQABAIAAAExpcf8AACH5BAUAAAAALAAAAAABAAEAAAICTAEAOw==";
    const parts = [{ type: "file", mediaType: "image/gif", url: image }];
    world.ask(tab, "r1", "", { messages: [{ id: "q1", role: "user", parts }] });
    await world.finish();
    expect(world.statuses()).toEqual([undefined, "complete"]);
    expect(world.store.readSession()?.title).toBe("New chat");
    world.ask(tab, "r2", "What is 3 times salt?");
    await world.finish();
    expect(world.store.readSession()).toMatchObject({
      title: "What is 3 times salt?",
      titleSource: "question",
    });
    world.ask(tab, "r3", "And sugar, 3 times?");
    await world.finish();
    expect(world.store.readSession()?.title).toBe("What is 3 times salt?");
  });
});

describe("a model that is gone", () => {
  it("[SE1] ends the turn in a named state, and the next one goes", async () => {
    const world = new ChatWorld();
    const asker = world.connect(true);
    world.ask(asker, "r1", "500");
    await world.clock.advance(500);
    world.disk.all("update turn set requested = '[\"no-such-model\"]'");
    world.crash();
    await world.finish();
    expect(world.statuses()).toEqual([undefined, "incomplete"]);
    const again = world.connect(true);
    world.ask(again, "r2", "3");
    await world.finish();
    expect(world.path().at(-1)).toBe(toWords(3));
  });
});

describe("a log that cannot be read", () => {
  it("[SE41] does not lock the chat: its turn ends, and the next one goes", async () => {
    const world = new ChatWorld();
    world.ask(world.connect(true), "r1", "500");
    await world.clock.advance(500);
    world.disk.all('update chunk set body = \'{"type":"of-a-later-version"}\'');
    world.crash();
    expect(world.chat.hasOpenTurns).toBe(false);
    expect(world.statuses()).toEqual([undefined, "failed"]);
    const again = world.connect(true);
    world.ask(again, "r2", "3");
    await world.finish();
    expect(world.path().at(-1)).toBe(toWords(3));
  });
});
