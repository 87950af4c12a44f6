/** The log of an answer in its object: rows, slow sockets, sockets that say nothing, two hundred of them. Real workerd. */
import { evictDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_UNACKNOWLEDGED_BYTES } from "../../src/protocol/session-frame.ts";
import type { AnswerEvent } from "../../src/routing/run-plan.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, textOf, type Chat, type Visitor } from "./sandbox-people.ts";
import { countRows, runSql } from "./sandbox-rows.ts";
import { readWiring } from "./sandbox-settings.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** A chat whose model says so many words, one every so many milliseconds. */
async function openPaced(words: number, paceMs: number, word = "word "): Promise<Chat> {
  const wiring = await readWiring(ada);
  const runAnswer = wiring.runAnswer;
  const spy = vi.spyOn(wiring, "runAnswer").mockImplementation(async function* (input) {
    // The real way to an answer, with another voice: its record and its end stay what they are.
    const answer = runAnswer(input);
    for (;;) {
      const next = await answer.next();
      if (next.done === true) return next.value;
      const events: AnswerEvent[] = [];
      for (const event of next.value) {
        if (event.type !== "text-delta") events.push(event);
        else if (event.text.startsWith("paced")) events.push({ ...event, text: word });
      }
      if (events.length === 0) continue;
      yield events;
      if (!events.some(({ type }) => type === "text-delta")) continue;
      // As a network does it: what is due comes, however late it is read.
      let dueMs = wiring.clock.nowMs();
      for (let count = 1; count < words; count += 1) {
        dueMs += paceMs;
        await wiring.clock.sleep(Math.max(0, dueMs - wiring.clock.nowMs()), input.signal);
        if (input.signal.aborted) break;
        yield [{ type: "text-delta", text: word }];
      }
    }
  });
  onTestFinished(() => spy.mockRestore());
  return ada.createChat();
}

const PACED = "Please reply with paced";

/** Until the record of the last turn is with the queue: that is part of a turn. */
const waitForHandOver = (chat: Chat): Promise<unknown> =>
  waitUntil(
    () => runSql(chat, "select id from outbox"),
    (rows) => rows.length === 0,
  );

describe("rows", () => {
  /** Asks and counts what is written until everything is over. */
  async function countRowsOfTurn(chat: Chat, socket: SocketClient, id: string): Promise<number> {
    const rows = await countRows(chat);
    socket.ask(id, PACED, { body: DEEPSEEK });
    await waitUntil(
      () => socket.of("end").some(({ requestId }) => requestId === id),
      (hasEnded) => hasEnded,
      40_000,
    );
    await waitForHandOver(chat);
    rows.stop();
    return rows.written();
  }

  it("[SE51] an answer of 800 words in fifteen seconds writes at most twenty, the whole turn included", async () => {
    const chat = await openPaced(800, 17);
    const live = await chat.openLive();
    const startedMs = Date.now();
    expect(await countRowsOfTurn(chat, live, "r1")).toBeLessThanOrEqual(20);
    expect(Date.now() - startedMs).toBeGreaterThan(13_000);
    expect(live.textOf("r1")).toHaveLength(800 * "word ".length);
  }, 60_000);

  it("[SE50] [SE51] the next turn, which also drops the log of the one before, writes no more", async () => {
    const chat = await openPaced(2, 1);
    const live = await chat.openLive();
    const [first, second] = [
      await countRowsOfTurn(chat, live, "r1"),
      await countRowsOfTurn(chat, live, "r2"),
    ];
    expect(second).toBeLessThanOrEqual(first);
    expect(await runSql(chat, "select id / 16777216 as turn from chunk")).toEqual([{ turn: 2 }]);
  });

  it("[SE51] the stock wire costs a row for each quarter of a second", async () => {
    const chat = await openPaced(150, 17);
    const [stock, live] = [await chat.open(), await chat.openLive()];
    const rows = await countRows(chat);
    stock.ask("r1", PACED, { body: DEEPSEEK });
    await stock.waitForEnd("r1");
    await live.waitForEnd("r1");
    await waitForHandOver(chat);
    const stored = rows.statements().filter((query) => /"chunk"/.test(query)).length;
    rows.stop();
    // Two and a half seconds and a bit.
    expect(stored).toBeGreaterThanOrEqual(5);
    expect(stored).toBeLessThanOrEqual(16);
    expect(stock.textOf("r1")).toBe(live.textOf("r1"));
  }, 20_000);

  it("[SE50] a long answer lies in few rows, and is replayed from them whole", async () => {
    const chat = await openPaced(60, 5, `${"x".repeat(9_999)} `);
    const stock = await chat.open();
    stock.ask("r1", PACED, { body: DEEPSEEK });
    const chunks = await stock.waitForEnd("r1");
    expect(stock.textOf("r1")).toHaveLength(600_000);
    expect((await runSql(chat, "select id from chunk")).length).toBeLessThan(10);
    await evictDurableObject(chat.stub());
    const again = await chat.open();
    again.resume("r2");
    expect(await again.waitForEnd("r2")).toEqual(chunks);
  }, 20_000);
});

describe("slow sockets", () => {
  /** Four megabytes in three seconds. */
  const openLoud = (): Promise<Chat> => openPaced(128, 25, "x".repeat(MAX_UNACKNOWLEDGED_BYTES / 8));

  const acknowledgeUntil = (socket: SocketClient, id: string): Promise<unknown> =>
    waitUntil(
      () => {
        socket.acknowledge(id);
        return socket.of("end").length;
      },
      (count) => count > 0,
      20_000,
    );

  it("[SE55] [SE56] one that acknowledges nothing is sent 256 KiB, the others everything; then it is told by a hello", async () => {
    const chat = await openLoud();
    const [quick, stock, stuck] = [await chat.openLive(), await chat.open(), await chat.openLive()];
    stock.ask("r1", PACED, { body: DEEPSEEK });
    await Promise.all([acknowledgeUntil(quick, "r1"), stock.waitForEnd("r1")]);
    expect(quick.textOf("r1")).toHaveLength(128 * (MAX_UNACKNOWLEDGED_BYTES / 8));
    expect(stock.textOf("r1")).toBe(quick.textOf("r1"));
    const bytes = stuck.of("chunk").reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
    expect(bytes).toBeGreaterThanOrEqual(MAX_UNACKNOWLEDGED_BYTES);
    expect(bytes).toBeLessThan(MAX_UNACKNOWLEDGED_BYTES * 1.5);
    expect([stuck.of("end"), stuck.of("turn-ended")]).toEqual([[], []]);
    stuck.acknowledge("r1");
    await stuck.waitFor((frame) => frame.type === "hello" && frame.messages.length > 0);
    const answer = stuck.of("hello").at(-1)?.messages.at(-1);
    expect(textOf(answer?.parts)).toBe(quick.textOf("r1"));
  }, 30_000);

  it("[SE56] one that stays silent is closed with 4408 half a minute later, though nobody says anything more", async () => {
    const { clock } = await readWiring(ada);
    const startTimer = clock.startTimer.bind(clock);
    const spy = vi
      .spyOn(clock, "startTimer")
      .mockImplementation((durationMs, callback) =>
        startTimer(durationMs === 30_000 ? 500 : durationMs, callback),
      );
    onTestFinished(() => spy.mockRestore());
    const chat = await openPaced(16, 1, "x".repeat(MAX_UNACKNOWLEDGED_BYTES / 8));
    const [stock, stuck] = [await chat.open(), await chat.openLive()];
    stock.ask("r1", PACED, { body: DEEPSEEK });
    await stock.waitForEnd("r1");
    const closing = await stuck.closed;
    expect(closing).toEqual({ code: 4408, reason: expect.stringContaining("too slow") });
    expect(await chat.openLive()).toBeDefined();
  }, 20_000);
});

describe("sockets that say nothing", () => {
  it("[SE57] one that used to ping and has not for 150 seconds is closed when somebody comes", async () => {
    const chat = await ada.createChat();
    const [pings, never] = [await chat.openRaw(), await chat.open()];
    const pong = new Promise((resolve) => {
      pings.addEventListener("message", ({ data }) => resolve(data), { once: true });
    });
    const closed = new Promise((resolve) => {
      pings.addEventListener("close", ({ code }) => resolve(code), { once: true });
    });
    pings.accept();
    pings.send("ping");
    expect(await pong).toBe("pong");
    const { clock } = await readWiring(ada);
    const real = clock.nowMs.bind(clock);
    let passedMs = 149_000;
    const spy = vi.spyOn(clock, "nowMs").mockImplementation(() => real() + passedMs);
    onTestFinished(() => spy.mockRestore());
    await chat.openLive();
    passedMs = 151_000;
    await chat.openLive();
    expect(await closed).toBe(4409);
    // Whoever never pinged may be a program that does not.
    never.ask("r1", "Please reply with one", { body: DEEPSEEK });
    expect(await never.waitForEnd("r1")).toBeDefined();
  });
});

describe("many sockets", () => {
  it("[SE55] [SE9] two hundred follow one answer, one more is refused, and all have the same", async () => {
    const chat = await ada.createChat();
    const sockets: SocketClient[] = [];
    for (let count = 0; count < 200; count += 1)
      sockets.push(count % 4 === 0 ? await chat.open() : await chat.openLive());
    const refused = await ada.upgrade(`${chat.path}/socket`);
    expect([refused.status, refused.webSocket]).toEqual([503, null]);
    const [stock, live] = sockets;
    stock?.ask("r1", "[[words:500]]", { body: OPENAI });
    for (const socket of sockets)
      if (socket !== stock && socket.of("hello").length > 0) await socket.waitForEnd("r1");
    await stock?.waitForEnd("r1");
    const text = live?.textOf("r1") ?? "";
    expect(text.split(/\s+/)).toHaveLength(500);
    for (const socket of sockets.filter((each) => each.of("hello").length > 0))
      expect(socket.textOf("r1")).toBe(text);
    expect(await readJournal("openai")).toHaveLength(1);
    live?.close();
    await waitUntil(
      () => ada.upgrade(`${chat.path}/socket`),
      ({ status }) => status === 101,
    );
  }, 30_000);

  it("[SE16] sockets that go away in the middle of a frame harm nobody", async () => {
    const chat = await ada.createChat();
    await breakProvider("openai", { fault: "none" });
    const stays = await chat.openLive();
    stays.ask("r1", "[[words:1500]]", { body: OPENAI });
    for (let count = 0; count < 30; count += 1) {
      const leaves = await chat.openLive();
      leaves.resume("r2");
      leaves.close();
    }
    await stays.waitForEnd("r1");
    expect(stays.textOf("r1").split(/\s+/)).toHaveLength(1_500);
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata?.status).toBe("complete");
  }, 20_000);
});
