/** Whoever means harm, or has no luck: junk, masses, and things that happen at the same moment. Real workerd. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ObjectPrincipal } from "../../src/auth/principal.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, textOf, type Chat, type Visitor } from "./sandbox-people.ts";
import { readAlarm, runSql } from "./sandbox-rows.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };

// Some wait for the queue, some for an object that comes back; a busy machine takes its time for both.
vi.setConfig({ testTimeout: 20_000 });

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

const readStatuses = async (chat: Chat): Promise<string[]> =>
  (await chat.readMessages()).map((message) => message.metadata?.status ?? "question");

const countRows = async (chat: Chat): Promise<number> => {
  const tables = [
    "session",
    "message",
    "turn",
    "chunk",
    "outbox",
    "ticket",
    "branch",
    "summary",
    "share",
    "attachment",
  ];
  let count = 0;
  for (const table of tables) count += (await runSql(chat, `select 1 from ${table}`)).length;
  return count;
};

describe("junk", () => {
  it.each([
    ["an ack without a place", { type: "ack", requestId: "r" }],
    ["an ack below the beginning", { type: "ack", requestId: "r", sequence: -1 }],
    ["half an ack", { type: "ack", requestId: "r", sequence: 0.5 }],
    ["a generation below the first", { type: "resume", requestId: "r", id: "c", generation: -1 }],
    ["a page of nothing", { type: "load-older", before: "m", limit: 0 }],
    ["a page of everything", { type: "load-older", before: "m", limit: 1e9 }],
    ["a branch without a name", { type: "select-branch" }],
    ["a word on nothing", { type: "decide-tool", approvalId: "a", approved: "yes" }],
    ["a server's own frame", { type: "hello" }],
    ["a request without a name", { type: "abort", requestId: "" }],
    ["a list instead of a frame", []],
    [
      "a hundred models",
      {
        type: "send",
        requestId: "r",
        id: "c",
        trigger: "submit-message",
        messages: [],
        body: { models: Array(100).fill("fast") },
      },
    ],
  ])("[SE14] %s closes the live socket that sent it, with a reason, and no other", async (_, frame) => {
    const chat = await ada.createChat();
    const [bad, good] = [await chat.openLive(), await chat.openLive()];
    bad.send(frame);
    expect(await bad.closed).toEqual({ code: 1008, reason: expect.stringMatching(/^Bad frame/) });
    good.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await good.waitForEnd("r1");
    expect(await readStatuses(chat)).toEqual(["question", "complete"]);
  });

  it("[SE14] bytes instead of text close the socket", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openRaw();
    const closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code }) => resolve(code), { once: true });
    });
    socket.accept();
    socket.send(new Uint8Array([1, 2, 3]));
    expect(await closed).toBe(1008);
  });

  it("[SE242] a message of five megabytes is refused in words, and the chat goes on", async () => {
    const chat = await ada.createChat();
    const [bad, good] = [await chat.openLive(), await chat.openLive()];
    bad.ask("r1", "x".repeat(5 * 1_048_576));
    expect(await bad.waitFor((frame) => frame.type === "error")).toMatchObject({
      requestId: "r1",
      errorText: expect.stringContaining("too large"),
    });
    good.ask("r2", "Please reply with two", { body: DEEPSEEK });
    await good.waitForEnd("r2");
    expect(await chat.readMessages()).toHaveLength(2);
  });

  it("[SE15] [SE78] the largest message that fits is stored and answered, and the next question too", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    const large = "word ".repeat(200_000);
    socket.ask("r1", `${large} Please reply with one`, { body: DEEPSEEK });
    await socket.waitForEnd("r1");
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    await socket.waitForEnd("r2");
    expect(socket.textOf("r2")).toBe("two");
    const [question] = await chat.readMessages();
    expect(textOf(question?.parts)).toHaveLength(large.length + "Please reply with one".length + 1);
  }, 20_000);

  it("[SE55] [SE24] acks, stops and aborts of what is not there change nothing", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    for (const frame of [
      { type: "ack", requestId: "nobody", sequence: 2 ** 40 },
      { type: "stop" },
      { type: "stop", turnId: "turn_of_somebody" },
      { type: "abort", requestId: "nobody" },
      { type: "decide-tool", approvalId: "nobody", approved: true },
      { type: "load-older", before: "nobody" },
    ]) {
      socket.send(frame);
    }
    socket.ask("r1", "[[words:300]]", { body: OPENAI });
    for (let count = 0; count < 200; count += 1)
      socket.send({ type: "ack", requestId: "r1", sequence: 2 ** 40 + count });
    await socket.waitForEnd("r1");
    expect(socket.textOf("r1").split(/\s+/)).toHaveLength(300);
  });

  it.each(["__proto__", "constructor", "toString", "\u0000", "'; drop table message; --", "名😀"])(
    "[SE20] [SE21] ids like %j are ids like any other",
    async (id) => {
      const chat = await ada.createChat();
      const socket = await chat.openLive();
      for (const requestId of [id, `${id}2`]) {
        socket.ask(requestId, `Please reply with ${requestId === id ? "one" : "two"}`, {
          id: requestId,
          body: DEEPSEEK,
        });
        await socket.waitForEnd(requestId);
      }
      socket.ask("edit", "Please reply with three", { messageId: id, body: DEEPSEEK });
      await socket.waitForEnd("edit");
      const [hello] = (await chat.openLive()).of("hello");
      expect(hello?.messages.map(({ parts }) => textOf(parts))).toEqual(["Please reply with three", "three"]);
      expect(hello?.branches[hello.messages[0]?.id ?? ""]?.[0]).toBe(id);
    },
  );
});

describe("at the same moment", () => {
  it("[SE21] [SE20] ten tabs that send the same question get one answer", async () => {
    const chat = await ada.createChat();
    const tabs = await Promise.all(Array.from({ length: 10 }, () => chat.openLive()));
    for (const [index, tab] of tabs.entries())
      tab.ask(`r${index}`, "Please reply with one", { id: "q1", body: DEEPSEEK });
    for (const [index, tab] of tabs.entries()) {
      await tab.waitForEnd(`r${index}`);
      expect(tab.textOf(`r${index}`)).toBe("one");
    }
    expect(await chat.readMessages()).toHaveLength(2);
    expect(await readJournal("deepseek")).toHaveLength(1);
  });

  it("[SE20] [SE24] ten tabs that ask, and one that stops everything, by HTTP", async () => {
    const chat = await ada.createChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const tabs = await Promise.all(Array.from({ length: 10 }, () => chat.openLive()));
    for (const [index, tab] of tabs.entries()) tab.ask(`r${index}`, `[[words:4${index}]]`, { body: OPENAI });
    await waitUntil(
      () => tabs.filter((tab) => tab.of("error").length > 0).length,
      (refused) => refused === 5,
    );
    await tabs[0]?.waitForText("r0", 5);
    const stopped = await ada.call("POST", `${chat.path}/stop`);
    expect(await stopped.json()).toEqual({ stopped: true });
    await waitUntil(
      () => readStatuses(chat),
      (all) => all.filter((status) => status === "cancelled").length === 5,
    );
    expect(await readJournal("openai")).toHaveLength(1);
    expect(await (await ada.call("POST", `${chat.path}/stop`)).json()).toEqual({ stopped: false });
    expect(new Set((await runSql(chat, "select status from turn")).map(({ status }) => status))).toEqual(
      new Set(["cancelled"]),
    );
  });

  it("[SE33] [SE41] a chat that is deleted while it comes back from a crash is gone, and calls nobody", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "[[words:3000]]", { body: OPENAI });
    await socket.waitForText("r1", 500);
    await abortAllDurableObjects();
    const answers = await Promise.all(Array.from({ length: 8 }, () => ada.call("DELETE", chat.path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect(await countRows(chat)).toBe(0);
    expect(await readAlarm(chat)).toBeNull();
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.every(({ outcome }) => outcome === "client-closed"),
    );
    await abortAllDurableObjects();
    expect(await runDurableObjectAlarm(chat.stub())).toBe(false);
    expect(await countRows(chat)).toBe(0);
  });

  it("[SE33] [SE86] [SE32] whatever is asked of a deleted chat leaves no row behind", async () => {
    const chat = await ada.createChat();
    await ada.call("DELETE", chat.path);
    const stranger = ObjectPrincipal.parse({ userId: "u", organizationId: "o" });
    await runInDurableObject(chat.stub(), async (instance) => {
      await instance.share().catch(() => {});
      await instance.issueTicket(stranger).catch(() => {});
      await instance.rename("A name");
      expect(await instance.attach({ attachmentId: "f", name: "f", mediaType: "text/plain", bytes: 1 })).toBe(
        "unknown-chat",
      );
      expect(await instance.search("x", 1)).toEqual([]);
      expect(await instance.stop()).toBe(false);
      expect(await instance.export("json")).toBeNull();
      await instance.unshare();
    });
    expect(await countRows(chat)).toBe(0);
  });

  it("[SE24] [SE33] a delete in the first moment of an answer closes the call", async () => {
    const chat = await ada.createChat();
    await breakProvider("openai", { fault: "hang" });
    const socket = await chat.openLive();
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
    expect(await socket.closed).toMatchObject({ code: 4404 });
  });

  it("[SE40] [SE41] a crash in the very moment of a question answers it once, or not at all if it never came", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await abortAllDurableObjects();
    const again = await chat.openLive();
    const isThere = (again.of("hello")[0]?.messages.length ?? 0) > 0;
    // A page sends again what it has heard nothing of; here it is one question either way.
    again.ask("r1", "Please reply with one", { body: DEEPSEEK });
    await waitUntil(
      () => readStatuses(chat),
      (statuses) => statuses.at(-1) === "complete",
    );
    expect(await chat.readMessages()).toHaveLength(2);
    expect((await readJournal("deepseek")).length).toBeLessThanOrEqual(isThere ? 2 : 1);
  });

  it("[SE13] [SE16] sockets that slept hear of what comes after, those of both wires", async () => {
    const chat = await ada.createChat();
    const [live, stock] = [await chat.openLive(), await chat.open()];
    for (let round = 0; round < 3; round += 1) {
      await evictDurableObject(chat.stub());
      stock.ask(`r${round}`, `Please reply with number ${round}`, { body: DEEPSEEK });
      await stock.waitForEnd(`r${round}`);
      await live.waitForEnd(`r${round}`);
      expect(live.textOf(`r${round}`)).toBe(`number ${round}`);
    }
    await waitUntil(
      () => live.of("turn-ended").length,
      (count) => count === 3,
    );
    expect(live.of("hello")).toHaveLength(1);
  });
});
