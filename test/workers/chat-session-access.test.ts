/** Whose chat it is: owners, strangers and tickets, what a chat is called, and what is left of one that was deleted. */
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SessionSummary } from "../../src/protocol/session-api.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, LIVE, Visitor, type Chat } from "./sandbox-people.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const NOBODY = new Visitor({});

let ada: Visitor;
let eve: Visitor;
beforeAll(async () => {
  [ada, eve] = await Promise.all([createVisitor(), createVisitor()]);
});
beforeEach(healSandbox);

const readTitle = async (chat: Chat): Promise<string> =>
  SessionSummary.parse(await (await ada.call("GET", chat.path)).json()).title;

/** How many rows each of the object's own tables has. */
async function countRows(chat: Chat): Promise<Record<string, number>> {
  return runInDurableObject(chat.stub(), (_, { storage }) => {
    const kept = ["session", "message", "turn", "chunk", "branch", "summary", "share", "attachment"];
    const tables = [...kept, "outbox", "ticket", "alarm"];
    return Object.fromEntries(
      tables.map((table) => [
        table,
        Number(storage.sql.exec(`select count(*) as n from ${table}`).one()["n"]),
      ]),
    );
  });
}

describe("owners", () => {
  it("[SE30] open a socket, and nobody else does", async () => {
    const chat = await ada.createChat();
    const socketPath = `${chat.path}/socket`;
    expect((await ada.upgrade(socketPath)).status).toBe(101);
    const foreign = await eve.upgrade(socketPath);
    const missing = await eve.upgrade(`${chat.path.slice(0, -4)}0000/socket`);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    const toDetail = async (answer: Response): Promise<unknown> => {
      const body: { detail?: unknown } = await answer.json();
      return body.detail;
    };
    expect(await toDetail(foreign)).toEqual(await toDetail(missing));
    expect((await NOBODY.upgrade(socketPath)).status).toBe(401);
  });

  it("[SE30] the object believes the Worker alone, and holds its own record against it", async () => {
    const chat = await ada.createChat();
    const forged = {
      "x-breakwater-principal": JSON.stringify({ userId: "user_x", organizationId: "org_x" }),
    };
    expect((await eve.upgrade(`${chat.path}/socket`, forged)).status).toBe(404);
    const upgrade = { upgrade: "websocket" };
    const knock = (headers: Record<string, string>) =>
      chat.stub().fetch(new Request("http://object/socket", { headers: { ...upgrade, ...headers } }));
    expect((await knock({})).status).toBe(404);
    expect((await knock(forged)).status).toBe(404);
    expect((await knock({ "x-breakwater-principal": "not json" })).status).toBe(404);
  });

  it("[SE13] [HT320] chooses the live wire among several subprotocols, and says so under the request's id", async () => {
    const chat = await ada.createChat();
    const answer = await ada.upgrade(`${chat.path}/socket`, { "sec-websocket-protocol": `chat, ${LIVE}` });
    expect(answer.headers.get("sec-websocket-protocol")).toBe(LIVE);
    const plain = await ada.upgrade(`${chat.path}/socket`);
    expect(plain.headers.get("sec-websocket-protocol")).toBeNull();
    for (const { headers } of [answer, plain]) expect(headers.get("x-request-id")).toMatch(/^req_/);
  });
});

describe("tickets", () => {
  const use = (chat: Chat, ticket: string, visitor = NOBODY): Promise<Response> =>
    visitor.upgrade(`${chat.path}/socket?ticket=${ticket}`);

  it("[SE32] [HT320] open one socket once", async () => {
    const chat = await ada.createChat();
    const ticket = await chat.issueTicket();
    expect(ticket).toMatch(/^[0-9a-f]{64}$/);
    expect((await use(chat, ticket)).status).toBe(101);
    const again = await use(chat, ticket);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ status: 404, code: "not-found" });
  });

  it("[SE32] of two who come at the same time one gets in", async () => {
    const chat = await ada.createChat();
    const ticket = await chat.issueTicket();
    const answers = await Promise.all([use(chat, ticket), use(chat, ticket), use(chat, ticket)]);
    expect(answers.map((answer) => answer.status).filter((status) => status === 101)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 404)).toHaveLength(2);
  });

  it("[SE32] last a minute, and go with the next look at them", async () => {
    const chat = await ada.createChat();
    const ticket = await chat.issueTicket();
    await runInDurableObject(chat.stub(), (_, { storage }) => {
      const left =
        Number(storage.sql.exec("select expires_at_ms from ticket").one()["expires_at_ms"]) - Date.now();
      expect(left).toBeGreaterThan(50_000);
      expect(left).toBeLessThanOrEqual(60_000);
      storage.sql.exec("update ticket set expires_at_ms = ?", Date.now() - 1);
    });
    expect((await use(chat, ticket)).status).toBe(404);
    expect(await countRows(chat)).toMatchObject({ ticket: 0 });
  });

  it("[SE32] are for their own chat, and guessed ones for none", async () => {
    const [chat, other] = await Promise.all([ada.createChat(), ada.createChat()]);
    const ticket = await chat.issueTicket();
    for (const wrong of [ticket.slice(1), `${ticket.slice(0, -1)}g`, "%00", "x".repeat(500)]) {
      expect((await use(chat, wrong)).status).toBe(404);
    }
    expect((await use(other, ticket)).status).toBe(404);
    expect((await eve.call("POST", `${chat.path}/ticket`)).status).toBe(404);
    expect((await use(chat, ticket)).status).toBe(101);
  });

  it("[SE32] are stored as a hash", async () => {
    const chat = await ada.createChat();
    const ticket = await chat.issueTicket();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ticket));
    const rows = await runInDurableObject(chat.stub(), (_, { storage }) =>
      storage.sql.exec("select * from ticket").toArray(),
    );
    expect(rows).toMatchObject([{ hash: new Uint8Array(digest).toHex() }]);
    expect(JSON.stringify(rows)).not.toContain(ticket);
  });
});

describe("names", () => {
  it("[SE31] [RT37] come from the first question, in the chat at once and in the list soon", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    expect(socket.frames[0]).toMatchObject({ type: "hello", title: "New chat" });
    socket.ask("r1", "Please reply with one\nand nothing else");
    await socket.waitForEnd("r1");
    const tab = await chat.openLive();
    expect(tab.frames[0]).toMatchObject({ title: "Please reply with one" });
    await waitUntil(
      () => readTitle(chat),
      (title) => title === "Please reply with one",
    );
    socket.ask("r2", "Please reply with two");
    await socket.waitForEnd("r2");
    expect((await chat.openLive()).frames[0]).toMatchObject({ title: "Please reply with one" });
  });

  it("[SE31] [RT37] that a person gave stay", async () => {
    const [named, renamed] = [await ada.createChat("Weather"), await ada.createChat()];
    await ada.call("PATCH", renamed.path, { title: "Salt" });
    for (const chat of [named, renamed]) {
      const socket = await chat.open();
      socket.ask("r1", "Please reply with one");
      await socket.waitForEnd("r1");
    }
    // Both turns' records have passed the queue once they are listed.
    const readSessions = async (): Promise<string> => (await ada.call("GET", "/api/v1/selections")).text();
    await waitUntil(readSessions, (text) => text.includes(named.id) && text.includes(renamed.id));
    expect([await readTitle(named), await readTitle(renamed)]).toEqual(["Weather", "Salt"]);
  });
});

describe("deleting", () => {
  it("[SE33] stops the turn, closes the sockets and leaves nothing", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    const live = await chat.openLive();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await socket.waitForText("r1", 10);
    await chat.issueTicket();
    expect((await eve.call("DELETE", chat.path)).status).toBe(404);
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    expect(await live.closed).toEqual({ code: 4404, reason: "This chat was deleted." });
    expect(await socket.closed).toMatchObject({ code: 4404 });
    expect(live.frames.filter((frame) => frame.type === "session-changed").at(-1)).toMatchObject({
      deleted: true,
    });
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
    expect(Object.values(await countRows(chat)).every((count) => count === 0)).toBe(true);
    expect(await runInDurableObject(chat.stub(), (_, { storage }) => storage.getAlarm())).toBeNull();
    // What the turn has cost stays on record.
    const readRecords = async (): Promise<string> =>
      (await ada.call("GET", "/api/v1/selections?status=cancelled")).text();
    await waitUntil(readRecords, (text) => text.includes(chat.id));
  });

  it("[SE33] is final: whoever knows the id finds no chat", async () => {
    const chat = await ada.createChat();
    const ticket = await chat.issueTicket();
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    expect((await ada.upgrade(`${chat.path}/socket`)).status).toBe(404);
    expect((await NOBODY.upgrade(`${chat.path}/socket?ticket=${ticket}`)).status).toBe(404);
    expect((await ada.call("GET", `${chat.path}/messages`)).status).toBe(404);
    expect((await ada.call("DELETE", chat.path)).status).toBe(404);
    await runInDurableObject(chat.stub(), async (instance) => {
      expect(await instance.readMessages(1_000, null)).toEqual({ messages: [], hasOlder: false });
      await instance.rename("A name for nothing");
    });
    expect(await countRows(chat)).toMatchObject({ session: 0 });
  });
});
