/** The chat's object when it dies, sleeps or cannot hand over: nothing lost, nothing twice. Real workerd, real rows. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SelectionList, type SelectionRecord } from "../../src/protocol/selection.ts";
import { openWiring } from "../../src/wiring.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { readEnv } from "./sandbox-environment.ts";
import { createVisitor, type Chat, type Visitor } from "./sandbox-people.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };
const WATCH = 0;
const DRAIN = 1;
const RETIRE_LOG = 2;

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** A chat whose first answer stands still after some words. */
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

/** Runs statements in the object's own database; the rows of the last one. */
function runSql(chat: Chat, ...statements: string[]): Promise<Record<string, SqlStorageValue>[]> {
  return runInDurableObject(
    chat.stub(),
    (_, { storage }) => statements.map((statement) => storage.sql.exec(statement).toArray()).at(-1) ?? [],
  );
}

async function readDueAlarms(chat: Chat): Promise<number[]> {
  return (await runSql(chat, "select id from alarm order by id")).map((row) => Number(row["id"]));
}

async function readSelections(chat: Chat): Promise<SelectionRecord[]> {
  const answer = await ada.call("GET", "/api/v1/selections?limit=200");
  return SelectionList.parse(await answer.json()).selections.filter((record) => record.sessionId === chat.id);
}

const textOf = (parts: readonly { type: string }[]): string =>
  parts.map((part) => ("text" in part && part.type === "text" ? String(part.text) : "")).join("");

describe("a crash in mid-answer", () => {
  it("[SE40] [SE7] loses no chunk that anybody saw, and ends the turn as incomplete", async () => {
    const { chat, socket } = await openStalled();
    const seen = socket.chunksOf("r1");
    await abortAllDurableObjects();
    const socketAgain = await chat.open();
    socketAgain.resume("r2");
    const chunks = await socketAgain.waitForEnd("r2");
    expect(chunks.slice(0, seen.length)).toEqual(seen);
    expect(chunks.at(-1)).toEqual({ type: "error", errorText: expect.stringContaining("incomplete") });
    expect(socketAgain.sequencesOf("r2")).toEqual(chunks.map((_, index) => index));
    const [question, answer] = await chat.readMessages();
    expect(question?.parts).toEqual([{ type: "text", text: "[[words:40]]" }]);
    expect(answer?.metadata).toMatchObject({ status: "incomplete", legs: [{ provider: "openai" }] });
    expect(textOf(answer?.parts ?? []).startsWith(socket.textOf("r1"))).toBe(true);
    expect(textOf(answer?.parts ?? [])).toBe(socketAgain.textOf("r2"));
  });

  it("[SE40] before the first word ends it as failed", async () => {
    const { chat } = await openStalled(0);
    await abortAllDurableObjects();
    const [, answer] = await chat.readMessages();
    expect(answer).toMatchObject({ parts: [], metadata: { status: "failed" } });
    expect(answer?.metadata?.notice).toContain("No answer came");
  });

  it("[SE25] [SE40] after somebody said stop ends it as cancelled: the wish was stored first", async () => {
    const { chat } = await openStalled();
    const live = await chat.openLive();
    await runInDurableObject(chat.stub(), (instance, state) => {
      const { storage } = state;
      const server = state
        .getWebSockets()
        .find((one) => JSON.stringify(one.deserializeAttachment()).includes("true"));
      if (server === undefined) throw new Error("the live socket is not there");
      instance.webSocketMessage(server, '{"type":"stop"}');
      // In the same moment: the abort has been given, nothing has ended yet.
      expect(storage.sql.exec("select status, stop_requested from turn").toArray()).toEqual([
        { status: "running", stop_requested: 1 },
      ]);
    });
    await live.waitFor((frame) => frame.type === "turn-ended");
    await runSql(chat, "update turn set status = 'running'", "delete from message where role = 'assistant'");
    await abortAllDurableObjects();
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
  });

  it("[SE41] is not repaired by asking again: what ran has ended, what waited starts, each once", async () => {
    const { chat, socket } = await openStalled();
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    await waitUntil(
      () => runSql(chat, "select status from turn"),
      (rows) => rows.length === 2,
    );
    await abortAllDurableObjects();
    const again = await chat.openLive();
    await waitUntil(
      () => chat.readMessages(),
      (messages) => messages[3]?.metadata?.status === "complete",
    );
    expect((await readJournal("openai")).length).toBe(1);
    expect((await readJournal("deepseek")).length).toBe(1);
    const path = await chat.readMessages();
    expect(path.map((message) => message.metadata?.status ?? "question")).toEqual([
      "question",
      "incomplete",
      "question",
      "complete",
    ]);
    expect(textOf(path[3]?.parts ?? [])).toBe("two");
    again.close();
  });

  it("[SE42] is found by an alarm when nobody comes back", async () => {
    const { chat } = await openStalled();
    expect(await readDueAlarms(chat)).toContain(WATCH);
    await abortAllDurableObjects();
    // The alarm's own wake-up is the first that the new object hears of.
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    const rows = await runSql(chat, "select status from turn");
    expect(rows).toEqual([{ status: "incomplete" }]);
  });

  it("[SE42] the watch stays while a turn runs, also when one that waited is cancelled", async () => {
    const { chat, socket } = await openStalled();
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    socket.abort("r2");
    await socket.waitForEnd("r2");
    expect(await readDueAlarms(chat)).toContain(WATCH);
    socket.abort("r1");
    await socket.waitForEnd("r1");
    expect(await readDueAlarms(chat)).not.toContain(WATCH);
  });

  it("[SE42] the watch is set again when it fires while the turn runs", async () => {
    const { chat, socket } = await openStalled();
    await runSql(chat, `update alarm set due_at_ms = 0 where id = ${WATCH}`);
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(await readDueAlarms(chat)).toContain(WATCH);
    expect((await chat.readMessages())[1]?.metadata?.status).toBe("streaming");
    socket.abort("r1");
    await socket.waitForEnd("r1");
  });
});

describe("a runner that fails", () => {
  it("[SE1] [SE11] ends its turn in a named state, without a gap, and lets the next one go", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    const wiring = await runInDurableObject(chat.stub(), (instance) => openWiring(readEnv(instance)));
    const target = { provider: wiring.catalog.providers[0] ?? never(), model: "m" };
    const spy = vi.spyOn(wiring, "runAnswer").mockImplementationOnce(async function* () {
      yield [
        { type: "leg-start", target, attempt: 1 },
        { type: "text-delta", text: "One" },
      ];
      yield [{ type: "text-delta", text: " two" }];
      throw new Error("a bug, thrown by the test");
    });
    socket.ask("r1", "[[words:40]]");
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    const chunks = await socket.waitForEnd("r1");
    expect(socket.sequencesOf("r1")).toEqual(chunks.map((_, index) => index));
    expect(socket.textOf("r1")).toBe("One two");
    expect(chunks.at(-1)).toMatchObject({ type: "error" });
    await socket.waitForEnd("r2");
    spy.mockRestore();
    expect((await chat.readMessages()).map((message) => message.metadata?.status ?? "question")).toEqual([
      "question",
      "incomplete",
      "question",
      "complete",
    ]);
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

  it("[SE12] the log goes 15 minutes after the end, and with the next turn", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await socket.waitForEnd("r1");
    const [ended] = await runSql(chat, "select ended_at_ms from turn");
    const [due] = await runSql(chat, `select due_at_ms from alarm where id = ${RETIRE_LOG}`);
    expect(Number(due?.["due_at_ms"]) - Number(ended?.["ended_at_ms"])).toBeGreaterThanOrEqual(15 * 60_000);
    await runSql(chat, `update alarm set due_at_ms = 0 where id = ${RETIRE_LOG}`);
    await runDurableObjectAlarm(chat.stub());
    expect(await runSql(chat, "select id from chunk")).toEqual([]);
    socket.resume("r2");
    await socket.waitFor((frame) => frame.type === "no-active" && frame.requestId === "r2");
    socket.ask("r3", "Please reply with two", { body: DEEPSEEK });
    await socket.waitForEnd("r3");
    await runSql(chat, "update turn set ended_at_ms = ended_at_ms - 900001");
    socket.resume("r4");
    await socket.waitFor((frame) => frame.type === "no-active" && frame.requestId === "r4");
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
    expect(await readDueAlarms(chat)).toContain(DRAIN);
    // A crash meanwhile changes nothing.
    await abortAllDurableObjects();
    refusing.mockRestore();
    await runSql(chat, `update alarm set due_at_ms = 0 where id = ${DRAIN}`);
    expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
    expect(await runSql(chat, "select id from outbox")).toEqual([]);
    expect(await readDueAlarms(chat)).not.toContain(DRAIN);
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

  it("[SE43] of a turn that a crash ended is handed over too, once", async () => {
    const { chat } = await openStalled();
    await abortAllDurableObjects();
    const [, answer] = await chat.readMessages();
    const records = await waitUntil(
      () => readSelections(chat),
      (found) => found.length > 0,
    );
    expect(records).toMatchObject([
      { id: answer?.metadata?.selectionId, status: "incomplete", provider: "openai", mode: "pinned" },
    ]);
  });
});

function never(): never {
  throw new Error("the catalog is empty");
}
