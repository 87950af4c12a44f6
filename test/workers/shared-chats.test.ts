/** Read-only links, from the Worker's door to the object's rows: who can read a chat, and how little of it. */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SessionShare, SessionShareState, SharedChat } from "../../src/protocol/session-api.ts";
import { toUtf8 } from "../fixtures/tiny-files.ts";
import { fillChat, PRIVATE, toId } from "./long-chat.ts";
import { healSandbox } from "./sandbox-control.ts";
import { createVisitor, ORIGIN, Visitor, type Chat } from "./sandbox-people.ts";

/** No cookie, no key: whoever was given the link. */
const STRANGER = new Visitor({});

let ada: Visitor;
let eve: Visitor;
beforeAll(async () => {
  [ada, eve] = await Promise.all([createVisitor(), createVisitor()]);
});
beforeEach(healSandbox);

async function share(chat: Chat): Promise<SessionShare> {
  const answer = await chat.owner.call("POST", `${chat.path}/share`);
  if (answer.status !== 201) throw new Error(`not shared: ${answer.status} ${await answer.text()}`);
  return SessionShare.parse(await answer.json());
}

const open = (token: string, query = "", visitor = STRANGER): Promise<Response> =>
  visitor.call("GET", `/api/v1/shared/${token}${query}`);

async function read(token: string, query = ""): Promise<SharedChat> {
  const answer = await open(token, query);
  if (answer.status !== 200) throw new Error(`not shown: ${answer.status} ${await answer.text()}`);
  return SharedChat.strict().parse(await answer.json());
}

async function statusOf(token: string, query = ""): Promise<number> {
  const answer = await open(token, query);
  await answer.body?.cancel();
  return answer.status;
}

async function readState(chat: Chat): Promise<SessionShareState> {
  const answer = await chat.owner.call("GET", `${chat.path}/share`);
  return SessionShareState.strict().parse(await answer.json());
}

describe("a read-only link", () => {
  it("[HT65] is given once, and stored as a hash", async () => {
    const chat = await ada.createChat();
    expect(await readState(chat)).toEqual({ isShared: false, createdAt: null });
    const { token, url } = await share(chat);
    expect(token).toMatch(new RegExp(`^${chat.id}\\.[0-9a-f]{64}$`));
    expect(url).toBe(`${ORIGIN}/shared/${token}`);
    const state = await readState(chat);
    expect(state.isShared).toBe(true);
    expect(Date.now() - Date.parse(state.createdAt ?? "")).toBeLessThan(60_000);
    const secret = token.slice(chat.id.length + 1);
    const rows = await runInDurableObject(chat.stub(), (_, { storage }) =>
      storage.sql.exec("select * from share").toArray(),
    );
    const digest = await crypto.subtle.digest("SHA-256", toUtf8(secret));
    expect(rows).toMatchObject([{ hash: new Uint8Array(digest).toHex() }]);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it("[HT67] is read by a stranger, by somebody else and with a bad key alike, and by no search engine", async () => {
    const chat = await ada.createChat("Weather");
    const socket = await chat.openLive();
    socket.ask("r1", "Please reply with one");
    await socket.waitForEnd("r1");
    const { token } = await share(chat);
    const texts: string[] = [];
    for (const visitor of [STRANGER, eve, ada, new Visitor({ authorization: "Bearer bw_wrong" })]) {
      const answer = await open(token, "", visitor);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-robots-tag")).toBe("noindex");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      texts.push(await answer.text());
    }
    expect(new Set(texts).size).toBe(1);
    const shown = await read(token);
    expect(shown).toMatchObject({ title: "Weather", hasOlder: false });
    expect(shown.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  });

  it("[HT67] has neither thoughts, files, prices, reasons nor ids of ours", async () => {
    const chat = await ada.createChat();
    await fillChat(chat, 4);
    const { token } = await share(chat);
    const text = await (await open(token)).text();
    for (const secret of [...Object.values(PRIVATE), chat.id, "attachments"]) {
      expect([secret, text.includes(String(secret))]).toEqual([secret, false]);
    }
    const { messages } = await read(token);
    expect(messages.flatMap(({ parts }) => parts.map(({ type }) => type))).toEqual([
      "text",
      "step-start",
      "text",
      "text",
      "step-start",
      "text",
    ]);
    expect(messages[1]?.metadata).toMatchObject({
      selectionId: "",
      turnId: "",
      requested: [],
      reasons: [],
      costMicroUsd: null,
      legs: [{ provider: "openai", model: "gpt-6-luna", costMicroUsd: null }],
    });
  });

  it("[HT67] shows a long chat in pages", async () => {
    const chat = await ada.createChat();
    await fillChat(chat, 450);
    const { token } = await share(chat);
    const ids: string[] = [];
    const sizes: number[] = [];
    let query = "?limit=200";
    for (;;) {
      const page = await read(token, query);
      sizes.push(page.messages.length);
      ids.unshift(...page.messages.map(({ id }) => id));
      if (!page.hasOlder) break;
      query = `?limit=200&before=${ids[0]}`;
    }
    expect(sizes).toEqual([200, 200, 50]);
    expect(ids).toEqual(Array.from({ length: 450 }, (_, index) => toId(index + 1)));
    expect((await read(token)).messages).toHaveLength(100);
    expect(await statusOf(token, "?limit=201")).toBe(400);
    expect((await read(token, "?before=nowhere")).messages).toEqual([]);
  });

  it("[HT66] stops working when it is replaced, revoked, or its chat is deleted, always with the same words", async () => {
    const [chat, deleted] = await Promise.all([ada.createChat(), ada.createChat()]);
    const [first, ofDeleted] = [(await share(chat)).token, (await share(deleted)).token];
    const second = (await share(chat)).token;
    expect([await statusOf(first), await statusOf(second), await statusOf(ofDeleted)]).toEqual([
      404, 200, 200,
    ]);
    const toDetail = async (token: string): Promise<unknown> => {
      const body: { status?: unknown; detail?: unknown } = await (await open(token)).json();
      return [body.status, body.detail];
    };
    expect((await ada.call("DELETE", `${chat.path}/share`)).status).toBe(204);
    expect((await ada.call("DELETE", deleted.path)).status).toBe(204);
    const words = [404, "This link does not work, or not any more."];
    const guessed = `${chat.id}.${"0".repeat(64)}`;
    for (const token of [
      first,
      second,
      ofDeleted,
      guessed,
      `chat_${"z".repeat(26)}.${"0".repeat(64)}`,
      "nonsense",
    ]) {
      expect(await toDetail(token)).toEqual(words);
    }
    expect(await readState(chat)).toEqual({ isShared: false, createdAt: null });
  });

  it("[HT66] opens its own chat alone", async () => {
    const [chat, other] = await Promise.all([ada.createChat(), ada.createChat()]);
    const [mine, others] = [(await share(chat)).token, (await share(other)).token];
    const secretOf = (token: string): string => token.split(".")[1] ?? "";
    expect(await statusOf(`${chat.id}.${secretOf(others)}`)).toBe(404);
    expect(await statusOf(`${chat.id}.${secretOf(mine).slice(0, -1)}x`)).toBe(404);
    expect(await statusOf(`${chat.id}.`)).toBe(404);
    const digest = await crypto.subtle.digest("SHA-256", toUtf8(secretOf(mine)));
    expect(await statusOf(`${chat.id}.${new Uint8Array(digest).toHex()}`)).toBe(404);
    expect(await statusOf(mine)).toBe(200);
  });

  it("[HT66] that is guessed makes no object", async () => {
    const before = await listDurableObjectIds(env.CHAT_SESSION);
    const secret = "0".repeat(64);
    const guesses = Array.from(
      { length: 20 },
      (_, index) => `chat_${String(index).padStart(26, "0")}.${secret}`,
    );
    for (const token of [...guesses, "nonsense", `..%2f.${secret}`, `%00.${secret}`]) {
      expect([token, await statusOf(token)]).toEqual([token, 404]);
    }
    expect(await listDurableObjectIds(env.CHAT_SESSION)).toHaveLength(before.length);
  });

  it("[HT66] gives no more than reading: not the socket, not the list, not another address", async () => {
    const chat = await ada.createChat();
    const { token } = await share(chat);
    const secret = token.split(".")[1] ?? "";
    for (const [method, path] of [
      ["GET", `${chat.path}/messages`],
      ["GET", `${chat.path}/export`],
      ["POST", `${chat.path}/stop`],
      ["DELETE", `${chat.path}/share`],
      ["DELETE", chat.path],
    ] as const) {
      const withToken = new Visitor({ authorization: `Bearer ${token}` });
      expect([path, (await withToken.call(method, path)).status]).toEqual([path, 401]);
      expect([path, (await eve.call(method, path)).status]).toEqual([path, 404]);
    }
    for (const ticket of [token, secret]) {
      expect((await STRANGER.upgrade(`${chat.path}/socket?ticket=${ticket}`)).status).toBe(404);
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect((await STRANGER.call(method, `/api/v1/shared/${token}`)).status).toBe(405);
    }
    expect(await statusOf(token)).toBe(200);
  });

  it("[HT16] is made, seen and revoked by the chat's owner alone", async () => {
    const chat = await ada.createChat();
    const { token } = await share(chat);
    for (const method of ["GET", "POST", "DELETE"]) {
      expect((await eve.call(method, `${chat.path}/share`)).status).toBe(404);
      expect((await STRANGER.call(method, `${chat.path}/share`)).status).toBe(401);
    }
    expect(await statusOf(token)).toBe(200);
  });
});
