/** The chat's object when it dies, sleeps or cannot hand over: nothing lost, nothing twice. Real workerd, real rows. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SelectionList, type SelectionRecord } from "../../src/protocol/selection.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { readEnv } from "./sandbox-environment.ts";
import { createVisitor, textOf, type Chat, type Visitor } from "./sandbox-people.ts";
import { readAlarm, runSql } from "./sandbox-rows.ts";
import { changeSettings, readWiring } from "./sandbox-settings.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };

// Some wait for the queue, some for an object that comes back; a busy machine takes its time for both.
vi.setConfig({ testTimeout: 20_000 });

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** A chat whose first answer stands still after some words, which are stored. */
async function openStalled(afterChunks = 3): Promise<{ chat: Chat; socket: SocketClient }> {
  const chat = await ada.createChat();
  const socket = await chat.open();
  await breakProvider("openai", { fault: "stall", afterChunks, times: 1 });
  socket.ask("r1", "[[words:40]]", { body: OPENAI });
  if (afterChunks > 0) await socket.waitForText("r1", 10);
  else
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
  return { chat, socket };
}

const readStatuses = async (chat: Chat): Promise<string[]> =>
  (await chat.readMessages()).map((message) => message.metadata?.status ?? "question");

/** Until no turn of the chat is open any more. */
const waitForEnd = (chat: Chat): Promise<unknown> =>
  waitUntil(
    () => runSql(chat, "select status from turn where status in ('queued', 'running')"),
    (rows) => rows.length === 0,
  );

async function readSelections(chat: Chat): Promise<SelectionRecord[]> {
  const answer = await ada.call("GET", "/api/v1/selections?limit=200");
  return SelectionList.parse(await answer.json()).selections.filter((record) => record.sessionId === chat.id);
}

describe("a crash in mid-answer", () => {
  it("[SE40] [SE7] loses no chunk that the stock wire was shown, and the answer goes on behind them", async () => {
    const { chat, socket } = await openStalled();
    const seen = socket.chunksOf("r1");
    await abortAllDurableObjects();
    const socketAgain = await chat.open();
    socketAgain.resume("r2");
    const chunks = await socketAgain.waitForEnd("r2");
    expect(chunks.slice(0, seen.length)).toEqual(seen);
    expect(chunks.at(-1)).toMatchObject({ type: "finish" });
    expect(socketAgain.sequencesOf("r2")).toEqual(chunks.map((_, index) => index));
    const [question, answer] = await chat.readMessages();
    expect(question?.parts).toEqual([{ type: "text", text: "[[words:40]]" }]);
    expect(answer?.metadata).toMatchObject({
      status: "complete",
      legs: [{ provider: "openai", estimated: true }, { provider: "openai" }],
    });
    expect(textOf(answer?.parts).split(/\s+/)).toHaveLength(40);
    expect(textOf(answer?.parts).startsWith(socket.textOf("r1"))).toBe(true);
    expect(textOf(answer?.parts)).toBe(socketAgain.textOf("r2"));
    expect(answer?.parts.filter(({ type }) => type === "text")).toHaveLength(1);
  });

  it("[SE40] before the first word begins the answer anew", async () => {
    const { chat } = await openStalled(0);
    await abortAllDurableObjects();
    await waitForEnd(chat);
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "complete", attempts: 1 });
    expect(textOf(answer?.parts).split(/\s+/)).toHaveLength(40);
    expect(await readJournal("openai")).toHaveLength(2);
  });

  it("[SE45] [SE44] with AFTER_CRASH=keep ends it at once, as incomplete or failed", async () => {
    await changeSettings(ada, { continuesAfterCrash: false });
    const [{ chat }, { chat: wordless }] = [await openStalled(), await openStalled(0)];
    await abortAllDurableObjects();
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({
      status: "incomplete",
      notice: expect.stringContaining("restarted"),
    });
    expect(textOf(answer?.parts).length).toBeGreaterThan(9);
    const [, none] = await wordless.readMessages();
    expect(none).toMatchObject({ parts: [], metadata: { status: "failed" } });
    expect(none?.metadata?.notice).toContain("No answer came");
    expect(await readJournal("openai")).toHaveLength(2);
  });

  it("[SE25] [SE26] after somebody said stop ends it as cancelled: the wish was stored first", async () => {
    const { chat } = await openStalled();
    const live = await chat.openLive();
    await runInDurableObject(chat.stub(), (instance, state) => {
      const { storage } = state;
      const server = state
        .getWebSockets()
        .find((one) => JSON.stringify(one.deserializeAttachment()).includes("true"));
      if (server === undefined) throw new Error("the live socket is not there");
      const told = instance.webSocketMessage(server, '{"type":"stop"}');
      // In the same moment: the abort has been given, nothing has ended yet.
      expect(storage.sql.exec("select status, stop_requested from turn").toArray()).toEqual([
        { status: "running", stop_requested: 1 },
      ]);
      return told;
    });
    await live.waitFor((frame) => frame.type === "turn-ended");
    // As if the crash had come right behind the wish.
    await runSql(chat, "update turn set status = 'running'", "delete from message where role = 'assistant'");
    await abortAllDurableObjects();
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
    expect(await readJournal("openai")).toHaveLength(1);
  });

  it("[SE41] goes on once, and then what waited starts, each once", async () => {
    const { chat, socket } = await openStalled();
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    await waitUntil(
      () => runSql(chat, "select status from turn"),
      (rows) => rows.length === 2,
    );
    await abortAllDurableObjects();
    // Whoever comes, comes to the one runner.
    await Promise.all([chat.openLive(), chat.openLive(), runDurableObjectAlarm(chat.stub())]);
    await waitForEnd(chat);
    expect((await readJournal("openai")).length).toBe(2);
    expect((await readJournal("deepseek")).length).toBe(1);
    expect(await readStatuses(chat)).toEqual(["question", "complete", "question", "complete"]);
    expect(textOf((await chat.readMessages())[3]?.parts)).toBe("two");
  });

  it("[SE42] is found by an alarm when nobody comes back", async () => {
    const { chat } = await openStalled();
    const dueMs = (await readAlarm(chat)) ?? 0;
    expect(dueMs - Date.now()).toBeGreaterThan(0);
    expect(dueMs - Date.now()).toBeLessThanOrEqual(30_000);
    await abortAllDurableObjects();
    // The alarm's own wake-up is the first that the new object hears of.
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    await waitForEnd(chat);
    expect(await readStatuses(chat)).toEqual(["question", "complete"]);
  });

  it("[SE42] the alarm is set again as long as a turn runs, also when one that waited is cancelled", async () => {
    const { chat, socket } = await openStalled();
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    socket.abort("r2");
    await socket.waitForEnd("r2");
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(((await readAlarm(chat)) ?? 0) - Date.now()).toBeGreaterThan(0);
    expect((await chat.readMessages())[1]?.metadata?.status).toBe("streaming");
    socket.abort("r1");
    await socket.waitForEnd("r1");
    // It goes off once more, finds nothing to do, and that was it.
    await waitUntil(
      () => runSql(chat, "select id from outbox"),
      (rows) => rows.length === 0,
    );
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(await readAlarm(chat)).toBeNull();
  });

  it("[SE42] every turn has one, also the next behind one that ended long ago", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await socket.waitForEnd("r1");
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r2", "[[words:40]]", { body: OPENAI });
    await socket.waitForText("r2", 10);
    expect(((await readAlarm(chat)) ?? 0) - Date.now()).toBeGreaterThan(0);
    socket.abort("r2");
    await socket.waitForEnd("r2");
  });
});

describe("a runner that fails", () => {
  it("[SE1] [SE11] ends its turn in a named state, without a gap, and lets the next one go", async () => {
    const wiring = await readWiring(ada);
    const target = { provider: wiring.catalog.providers[0] ?? never(), model: "m" };
    // An object takes the way to an answer when it is made.
    const spy = vi.spyOn(wiring, "runAnswer").mockImplementationOnce(async function* () {
      yield [
        { type: "leg-start", target, attempt: 1 },
        { type: "text-delta", text: "One" },
      ];
      yield [{ type: "text-delta", text: " two" }];
      throw new Error("a bug, thrown by the test");
    });
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "[[words:40]]");
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    const chunks = await socket.waitForEnd("r1");
    expect(socket.sequencesOf("r1")).toEqual(chunks.map((_, index) => index));
    expect(socket.textOf("r1")).toBe("One two");
    expect(chunks.at(-1)).toMatchObject({ type: "error" });
    await socket.waitForEnd("r2");
    spy.mockRestore();
    expect(await readStatuses(chat)).toEqual(["question", "incomplete", "question", "complete"]);
  });
});

describe("sleep", () => {
  it("[SE13] a socket that slept through an eviction goes on", async () => {
    const chat = await ada.createChat();
    const [socket, live] = [await chat.open(), await chat.openLive()];
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await socket.waitForEnd("r1");
    await evictDurableObject(chat.stub());
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    await socket.waitForEnd("r2");
    await live.waitFor((frame) => frame.type === "end" && frame.requestId === "r2");
    expect(live.textOf("r2")).toBe("two");
    expect(await chat.readMessages()).toHaveLength(4);
  });

  it("[SE12] an answer can be replayed until another one begins, for 15 minutes", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    const chunks = await socket.waitForEnd("r1");
    await evictDurableObject(chat.stub());
    socket.resume("r2");
    expect(await socket.waitForEnd("r2")).toEqual(chunks);
    await runSql(chat, "update turn set ended_at_ms = ended_at_ms - 900001");
    // The object that is awake remembers its newest turns.
    await evictDurableObject(chat.stub());
    socket.resume("r3");
    await socket.waitFor((frame) => frame.type === "no-active" && frame.requestId === "r3");
    socket.ask("r4", "Please reply with two", { body: DEEPSEEK });
    await socket.waitForEnd("r4");
    expect((await runSql(chat, "select id / 16777216 as turn from chunk")).map(({ turn }) => turn)).toEqual([
      2,
    ]);
    socket.resume("r5");
    await socket.waitForEnd("r5");
    expect(socket.textOf("r5")).toBe("two");
  });
});

describe("the record of a turn", () => {
  it("[SE43] is kept until the queue has it, and then goes", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    const queue = await runInDurableObject(chat.stub(), (instance) => readEnv(instance).SELECTION_QUEUE);
    const refusing = vi.spyOn(queue, "sendBatch").mockRejectedValue(new Error("the queue is away"));
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await socket.waitForEnd("r1");
    expect(refusing).toHaveBeenCalledTimes(1);
    expect(await runSql(chat, "select id from outbox")).toHaveLength(1);
    expect(((await readAlarm(chat)) ?? 0) - Date.now()).toBeLessThanOrEqual(5_000);
    // A crash meanwhile changes nothing, and neither does a queue that is still away.
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(await runSql(chat, "select id from outbox")).toHaveLength(1);
    expect(((await readAlarm(chat)) ?? 0) - Date.now()).toBeGreaterThan(0);
    refusing.mockRestore();
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(await runSql(chat, "select id from outbox")).toEqual([]);
    const [record] = await waitUntil(
      () => readSelections(chat),
      (records) => records.length > 0,
    );
    const [, answer] = await chat.readMessages();
    expect(record).toMatchObject({
      id: answer?.metadata?.selectionId,
      status: "complete",
      provider: "deepseek",
    });
  });

  it("[SE43] of a turn that a crash interrupted is handed over once, also when the crash ended it", async () => {
    await changeSettings(ada, { continuesAfterCrash: false });
    const { chat } = await openStalled();
    await abortAllDurableObjects();
    await waitForEnd(chat);
    await changeSettings(ada, { continuesAfterCrash: true });
    const { chat: goesOn } = await openStalled();
    await abortAllDurableObjects();
    await waitForEnd(goesOn);
    for (const [each, status] of [
      [chat, "incomplete"],
      [goesOn, "complete"],
    ] as const) {
      const [, answer] = await each.readMessages();
      const records = await waitUntil(
        () => readSelections(each),
        (found) => found.length > 0,
      );
      expect(records).toMatchObject([
        { id: answer?.metadata?.selectionId, status, provider: "openai", mode: "pinned" },
      ]);
    }
  });
});

function never(): never {
  throw new Error("the catalog is empty");
}
