/** A chat whose storage, files or queue fail it: it opens, it ends what it began, and nothing is lost. */
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { MAX_ANSWER_BYTES } from "../../src/session/turn/answer-size.ts";
import { MAX_ANSWER_OUTPUT_BYTES } from "../../src/tools/output-room.ts";
import { breakProvider, healSandbox } from "./sandbox-control.ts";
import { readEnv, toFailing } from "./sandbox-environment.ts";
import { createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";
import { runSql } from "./sandbox-rows.ts";

vi.setConfig({ testTimeout: 30_000 });
const OPENAI = { model: "openai/gpt-6-luna" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };
let ada: Visitor;

beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

async function attachText(chat: { readonly path: string }): Promise<void> {
  await exports.default.fetch(
    new Request(`${ORIGIN}${chat.path}/attachments?name=a.txt`, {
      method: "POST",
      body: new TextEncoder().encode("word"),
      headers: { origin: ORIGIN, "content-type": "text/plain", ...ada.credentials },
    }),
  );
}

it("[SE113] [SE111] a question under the id of the running answer does not lock the chat for good", async () => {
  const chat = await ada.createChat();
  const socket = await chat.openLive();
  await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
  socket.ask("r1", "[[words:40]]", { body: OPENAI });
  await socket.waitForText("r1", 5);
  const [started] = socket.of("turn-started");
  socket.ask("r2", "hello", { id: started?.turn.messageId ?? "", body: DEEPSEEK });
  expect(await socket.waitFor((frame) => frame.type === "error")).toMatchObject({ requestId: "r2" });
  socket.send({ type: "stop" });
  await socket.waitForEnd("r1");
  const statuses: number[] = [];
  for (let life = 0; life < 4; life += 1) {
    await abortAllDurableObjects();
    statuses.push((await ada.call("GET", `${chat.path}/messages`)).status);
  }
  statuses.push((await ada.call("DELETE", chat.path)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 204]);
});

it("[SE114] [HT18] a chat whose deletion failed is still there to be used, and deleted", async () => {
  const chat = await ada.createChat();
  await attachText(chat);
  let real: object = {};
  await runInDurableObject(chat.stub(), (instance) => {
    real = readEnv(instance);
    Reflect.set(instance, "env", { ...real, FILES: toFailing(readEnv(instance).FILES) });
  });
  expect((await ada.call("DELETE", chat.path)).status).toBe(500);
  const socket = await chat.openLive();
  socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
  const frame = await socket.waitFor(({ type }) => type === "end" || type === "error");
  expect(frame.type).toBe("end");
  await runInDurableObject(chat.stub(), (instance) => {
    Reflect.set(instance, "env", real);
  });
  expect((await ada.call("DELETE", chat.path)).status).toBe(204);
});

it("[SE172] a tab that comes while a chat is being deleted is told of its end as well", async () => {
  const chat = await ada.createChat();
  await attachText(chat);
  await runInDurableObject(chat.stub(), (instance) => {
    const real = readEnv(instance);
    const remove = async (keys: string | string[]): Promise<void> => {
      await scheduler.wait(500);
      await real.FILES.delete(keys);
    };
    const list = (options: R2ListOptions): Promise<R2Objects> => real.FILES.list(options);
    Reflect.set(instance, "env", { ...real, FILES: { delete: remove, list } });
  });
  const deleting = ada.call("DELETE", chat.path);
  await scheduler.wait(100);
  const late = await chat.openLive();
  expect((await deleting).status).toBe(204);
  const end = await Promise.race([late.closed, scheduler.wait(2_000)]);
  expect(end).toEqual({ code: 4404, reason: "This chat was deleted." });
});

it("[SE115] [SE43] a chat whose records the queue does not take is not deleted before it has", async () => {
  const chat = await ada.createChat();
  const socket = await chat.openLive();
  const setQueue = (isAway: boolean) =>
    runInDurableObject(chat.stub(), (instance) => {
      const outbox: unknown = Reflect.get(instance, "outbox");
      const deps: unknown = outbox instanceof Object ? Reflect.get(outbox, "deps") : null;
      if (!(deps instanceof Object)) throw new Error("the object's outbox has its dependencies");
      const real = readEnv(instance).SELECTION_QUEUE;
      const queue = isAway ? { sendBatch: () => Promise.reject(new Error("away")) } : real;
      Reflect.set(deps, "queue", () => queue);
    });
  await setQueue(true);
  socket.ask("r1", "Please reply with one", { body: DEEPSEEK });
  await socket.waitForEnd("r1");
  expect((await ada.call("DELETE", chat.path)).status).toBe(500);
  expect(await runSql(chat, "select 1 from outbox")).toHaveLength(1);
  expect((await ada.call("GET", `${chat.path}/messages`)).status).toBe(200);
  await setQueue(false);
  expect((await ada.call("DELETE", chat.path)).status).toBe(204);
});

it("[SE171] [SE112] the most that models and tools may say in one answer fits into a row, with a long receipt", async () => {
  const chat = await ada.createChat();
  const parts = JSON.stringify("x".repeat(MAX_ANSWER_BYTES + MAX_ANSWER_OUTPUT_BYTES));
  await runInDurableObject(chat.stub(), (_, { storage }) => {
    storage.sql.exec(
      "insert into message (message_id, role, parts, metadata, created_at_ms) values (?, ?, ?, ?, 0)",
      "msg_long",
      "assistant",
      parts,
      JSON.stringify("r".repeat(50_000)),
    );
  });
  expect(await runSql(chat, "select length(parts) as length from message")).toEqual([
    { length: parts.length },
  ]);
});
