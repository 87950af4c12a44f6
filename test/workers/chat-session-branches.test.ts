/** The tree of a chat over its socket: pages, branches, two tabs at once, search. Real workerd, real rows. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SessionMessages, SessionSearchResult } from "../../src/protocol/session-api.ts";
import { breakProvider, healSandbox } from "./sandbox-control.ts";
import { createVisitor, textOf, type Chat, type Visitor } from "./sandbox-people.ts";
import { countRows, runSql } from "./sandbox-rows.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };
const OPENAI = { model: "openai/gpt-6-luna" };

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** One question after the other; `word` is what is answered. */
async function talk(socket: SocketClient, ...words: readonly string[]): Promise<void> {
  for (const word of words) {
    socket.ask(word, `Please reply with ${word}`, { id: `q-${word}`, body: DEEPSEEK });
    await socket.waitForEnd(word);
  }
}

const readPath = async (chat: Chat): Promise<string[]> =>
  (await chat.readMessages()).map(({ parts }) => textOf(parts));

/** A path of so many messages, put into the rows at once. */
async function fillPath(chat: Chat, count: number, text = "x"): Promise<void> {
  await runInDurableObject(chat.stub(), (_, { storage }) => {
    for (let index = 0; index < count; index += 1) {
      storage.sql.exec(
        "insert into message (message_id, parent_id, role, parts, created_at_ms) values (?, ?, ?, ?, ?)",
        ...[`m${index}`, index === 0 ? null : `m${index - 1}`, index % 2 === 0 ? "user" : "assistant"],
        ...[JSON.stringify([{ type: "text", text: `${index} ${text}` }]), index],
      );
    }
    storage.sql.exec("update session set leaf_message_id = ?, title_source = 'person'", `m${count - 1}`);
  });
  // What the object knows of its rows is from before.
  await evictDurableObject(chat.stub());
}

describe("pages", () => {
  it("[SE70] a new socket is told the newest sixty, and the others when somebody scrolls there", async () => {
    const chat = await ada.createChat();
    await fillPath(chat, 500);
    const tab = await chat.openLive();
    const [hello] = tab.of("hello");
    expect([hello?.messages.length, hello?.hasOlder, hello?.messages[0]?.id]).toEqual([60, true, "m440"]);
    const ids = hello?.messages.map(({ id }) => id) ?? [];
    for (let pages = 1; ids[0] !== "m0"; pages += 1) {
      tab.send({ type: "load-older", before: ids[0], limit: 200 });
      const page = await tab.waitFor(() => tab.of("older-messages").length === pages);
      expect(page).toBeDefined();
      ids.unshift(...(tab.of("older-messages").at(-1)?.messages ?? []).map(({ id }) => id));
    }
    expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => `m${index}`));
    expect(tab.of("older-messages").map(({ hasOlder }) => hasOlder)).toEqual([true, true, false]);
    const page = await ada.call("GET", `${chat.path}/messages?limit=10&before=m440`);
    expect(await page.json()).toMatchObject({
      messages: [{ id: "m430" }, ...Array(9).fill({})],
      hasOlder: true,
    });
  });

  it("[SE70] messages of a megabyte each come in pages that fit, by socket and by HTTP", async () => {
    const chat = await ada.createChat();
    await fillPath(chat, 50, "x".repeat(1_000_000));
    const tab = await chat.openLive();
    const [hello] = tab.of("hello");
    expect(hello?.messages.length).toBeGreaterThanOrEqual(1);
    expect(hello?.messages.length).toBeLessThan(20);
    const ids: string[] = [];
    for (let before = "", hasOlder = true; hasOlder;) {
      const answer = await ada.call(
        "GET",
        `${chat.path}/messages${before === "" ? "" : `?before=${before}`}`,
      );
      expect(answer.status).toBe(200);
      const page = SessionMessages.parse(await answer.json());
      ids.unshift(...page.messages.map(({ id }) => id));
      ({ hasOlder } = page);
      before = ids[0] ?? "";
    }
    expect(ids).toEqual(Array.from({ length: 50 }, (_, index) => `m${index}`));
  }, 20_000);

  it("[SE74] a question in a chat of five thousand messages reads no more than in one of a hundred", async () => {
    const reads: number[] = [];
    for (const count of [100, 5_000]) {
      const chat = await ada.createChat();
      await fillPath(chat, count);
      const socket = await chat.openLive();
      const rows = await countRows(chat);
      await talk(socket, "one");
      rows.stop();
      reads.push(rows.read());
    }
    expect(reads[1]).toBeLessThanOrEqual((reads[0] ?? 0) + 10);
    expect(reads[1]).toBeLessThan(400);
  }, 20_000);
});

describe("branches", () => {
  it("[SE71] [SE72] [SE22] are named in every tab, and shown down to their newest message", async () => {
    const chat = await ada.createChat();
    const [tab, other] = [await chat.openLive(), await chat.openLive()];
    await talk(tab, "one", "two", "three");
    tab.ask("r4", "Please reply with four", { messageId: "q-two", body: DEEPSEEK });
    await other.waitForEnd("r4");
    expect(await readPath(chat)).toEqual(["Please reply with one", "one", "Please reply with four", "four"]);
    const named = other.of("branches-changed").at(-1)?.branches ?? {};
    expect(named["q-two"]).toEqual(["q-two", expect.stringMatching(/^msg_/)]);
    other.send({ type: "select-branch", messageId: "q-two" });
    for (const each of [tab, other]) {
      const changed = await each.waitFor((frame) => frame.type === "path-changed");
      expect(changed).toMatchObject({ messages: Array(6).fill({}), branches: { "q-two": named["q-two"] } });
    }
    const old = ["Please reply with two", "two", "Please reply with three", "three"];
    expect((await readPath(chat)).slice(2)).toEqual(old);
    // Also for a later life of the object.
    await evictDurableObject(chat.stub());
    expect((await readPath(chat)).slice(2)).toEqual(old);
    expect((await chat.openLive()).of("hello")[0]?.branches).toEqual({ "q-two": named["q-two"] });
  });

  it("[SE72] is refused while an answer is being written, and for what is not there", async () => {
    const chat = await ada.createChat();
    const tab = await chat.openLive();
    await talk(tab, "one");
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    tab.ask("r2", "[[words:40]]", { messageId: "q-one", body: OPENAI });
    await tab.waitForText("r2", 5);
    tab.send({ type: "select-branch", messageId: "q-one" });
    expect(await tab.waitFor((frame) => frame.type === "error")).toMatchObject({
      errorText: expect.stringContaining("still being written"),
    });
    tab.send({ type: "stop" });
    await tab.waitForEnd("r2");
    tab.send({ type: "select-branch", messageId: "nowhere" });
    await tab.waitFor((frame) => frame.type === "error" && frame.errorText.includes("no such message"));
    expect(tab.of("path-changed")).toEqual([]);
  });

  it("[SE73] two tabs that edit and regenerate at once: every message is there, each in its place", async () => {
    const chat = await ada.createChat();
    const [one, two] = [await chat.openLive(), await chat.open()];
    await talk(one, "one", "two");
    const ask = (socket: SocketClient, word: string): void =>
      socket.ask(word, `Please reply with ${word}`, { messageId: "q-one", body: DEEPSEEK });
    ask(one, "red");
    ask(two, "blue");
    one.ask("again", "", { trigger: "regenerate-message", messageId: "q-two", body: DEEPSEEK });
    await Promise.all([one.waitForEnd("red"), two.waitForEnd("blue")]);
    const rows = await runSql(
      chat,
      "select message_id as id, coalesce(parent_id, '') as parent, role from message order by position",
    );
    const questions = rows.filter(({ role }) => role === "user");
    expect(questions).toHaveLength(4);
    expect(questions.filter(({ parent }) => parent === "")).toHaveLength(3);
    const branches = await runSql(
      chat,
      "select message_id as id from branch where parent_id = '' order by id",
    );
    expect(branches).toHaveLength(3);
    expect(new Set(branches.map(({ id }) => id))).toEqual(
      new Set(questions.filter(({ parent }) => parent === "").map(({ id }) => id)),
    );
    const [path, ...answers] = [await readPath(chat), ...rows.filter(({ role }) => role === "assistant")];
    expect(path).toHaveLength(2);
    expect(new Set(answers.map(({ parent }) => parent)).size).toBeGreaterThanOrEqual(4);
  });
});

describe("search", () => {
  const search = async (chat: Chat, query: string, limit = 20) => {
    const answer = await ada.call(
      "GET",
      `${chat.path}/search?query=${encodeURIComponent(query)}&limit=${limit}`,
    );
    return SessionSearchResult.parse(await answer.json()).hits;
  };

  it("[SE79] finds in every branch, newest first, whatever the case and the accents", async () => {
    const chat = await ada.createChat();
    const tab = await chat.openLive();
    tab.ask("r1", "Please reply with crème brûlée", { id: "q-1", body: DEEPSEEK });
    await tab.waitForEnd("r1");
    tab.ask("r2", "Please reply with CREME caramel", { messageId: "q-1", body: DEEPSEEK });
    await tab.waitForEnd("r2");
    const hits = await search(chat, "Crème");
    expect(hits.map(({ role, excerpt }) => [role, excerpt])).toEqual([
      ["assistant", "CREME caramel"],
      ["user", "Please reply with CREME caramel"],
      ["assistant", "crème brûlée"],
      ["user", "Please reply with crème brûlée"],
    ]);
    expect(await search(chat, "Crème", 1)).toHaveLength(1);
    expect(await search(chat, "100%_')")).toEqual([]);
  });

  it("[SE79] goes through a long chat and gives the text around the place", async () => {
    const chat = await ada.createChat();
    await fillPath(chat, 3_000, "before ".repeat(60));
    const [hit, ...others] = await search(chat, "17 BEFORE", 100);
    expect(hit?.messageId).toBe("m2917");
    expect(others.at(-1)?.messageId).toBe("m17");
    expect(hit?.excerpt.length).toBeLessThanOrEqual(240);
    expect(hit?.excerpt).toMatch(/^2917 before .*…$/);
  });

  it("[SE79] of somebody else's chat is refused", async () => {
    const chat = await ada.createChat();
    const eve = await createVisitor();
    expect((await eve.call("GET", `${chat.path}/search?query=x`)).status).toBe(404);
  });
});
