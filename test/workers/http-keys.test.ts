/** API keys and chats over the whole HTTP application, with real D1 below. */
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { apiKey, membership } from "../../schema/d1/accounts.ts";
import { KEY_CACHE_LIFETIME_MS } from "../../src/auth/client/principal-resolver.ts";
import { LAST_USED_RESOLUTION_MS, MAX_KEYS_PER_USER } from "../../src/auth/store/api-key-store.ts";
import { ApiKeyList, CreatedApiKey } from "../../src/protocol/account.ts";
import { SessionList, SessionSummary } from "../../src/protocol/session-api.ts";
import { database, randomSource, signUp, startApp } from "./http-services.ts";
import type { StartedApp } from "./http-services.ts";

const KEYS = "/api/v1/keys";
const SESSIONS = "/api/v1/sessions";

async function makeKey(app: StartedApp, cookie: string, name = "CI"): Promise<CreatedApiKey> {
  return CreatedApiKey.parse(await (await app.call("POST", KEYS, { name }, { cookie })).json());
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("keys", () => {
  it("[AU10] open the API by either header, for one read of the database in thirty seconds", async () => {
    let aheadMs = 0;
    const app = startApp({ aheadMs: () => aheadMs });
    const { cookie } = await signUp(app, "ada");
    const { key } = await makeKey(app, cookie);
    expect((await app.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(200);
    expect((await app.call("GET", "/v1/models", undefined, { "x-api-key": key })).status).toBe(200);
    expect(app.counts.findByHash).toBe(1);
    aheadMs = KEY_CACHE_LIFETIME_MS;
    expect((await app.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(200);
    expect(app.counts.findByHash).toBe(2);
    await app.settle();
  });

  it("[AU10] stop when their user leaves the organization", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const { id, key } = await makeKey(app, cookie);
    const [row] = await database.select().from(apiKey).where(eq(apiKey.id, id));
    await database.delete(membership).where(eq(membership.userId, row?.userId ?? ""));
    expect((await app.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(401);
  });

  it("[AU11] are nowhere in the database, and one that cannot be ours is not looked for", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const { id, key } = await makeKey(app, cookie);
    const [row] = await database.select().from(apiKey).where(eq(apiKey.id, id));
    expect(JSON.stringify(row)).not.toContain(key.slice(8));
    expect(row?.hash).toMatch(/^[0-9a-f]{64}$/);
    for (const bad of ["sk-123", "bw_1' or '1'='1", `${key}x`]) {
      expect((await app.call("GET", "/v1/models", undefined, bearer(bad))).status).toBe(401);
    }
    expect(app.counts.findByHash).toBe(0);
  });

  it("[AU12] stop at once where they were revoked, and after thirty seconds elsewhere", async () => {
    let aheadMs = 0;
    const here = startApp();
    const elsewhere = startApp({ aheadMs: () => aheadMs });
    const { cookie } = await signUp(here, "ada");
    const { id, key } = await makeKey(here, cookie);
    for (const app of [here, elsewhere]) {
      expect((await app.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(200);
    }
    expect((await here.call("DELETE", `${KEYS}/${id}`, undefined, { cookie })).status).toBe(204);
    expect((await here.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(401);
    expect((await elsewhere.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(200);
    aheadMs = KEY_CACHE_LIFETIME_MS;
    expect((await elsewhere.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(401);
    await Promise.all([here.settle(), elsewhere.settle()]);
    expect((await here.call("DELETE", `${KEYS}/${id}`, undefined, { cookie })).status).toBe(404);
  });

  it("[AU13] note their use at most once an hour", async () => {
    let aheadMs = 0;
    const app = startApp({ aheadMs: () => aheadMs });
    const { cookie } = await signUp(app, "ada");
    const { id, key } = await makeKey(app, cookie);
    const lastUsed = async () => {
      await app.call("GET", "/v1/models", undefined, bearer(key));
      await app.settle();
      return (await database.select().from(apiKey).where(eq(apiKey.id, id)))[0]?.lastUsedAtMs ?? null;
    };
    const first = await lastUsed();
    expect(first).not.toBeNull();
    aheadMs = LAST_USED_RESOLUTION_MS / 2;
    expect(await lastUsed()).toBe(first);
    aheadMs = LAST_USED_RESOLUTION_MS + 1_000;
    expect(await lastUsed()).toBeGreaterThan(first ?? 0);
    const list = ApiKeyList.parse(await (await app.call("GET", KEYS, undefined, { cookie })).json());
    expect(list.keys).toMatchObject([{ id, name: "CI", start: key.slice(0, 8) }]);
    expect(list.keys[0]?.lastUsedAt).not.toBeNull();
  });

  it("[AU14] decide alone: a bad key beside a good cookie is nobody", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const bad = { cookie, ...bearer(`bw_${"a".repeat(43)}`) };
    expect((await app.call("GET", SESSIONS, undefined, bad)).status).toBe(401);
    expect((await app.call("GET", SESSIONS, undefined, { cookie })).status).toBe(200);
  });

  it("[AU15] never open the console, nor make other keys", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const { key } = await makeKey(app, cookie);
    await database.run("update user set role = 'admin'");
    expect((await app.call("GET", "/api/v1/admin/circuits", undefined, { cookie })).status).toBe(200);
    expect((await app.call("GET", "/api/v1/admin/circuits", undefined, bearer(key))).status).toBe(403);
    expect((await app.call("POST", KEYS, { name: "more" }, bearer(key))).status).toBe(403);
    await database.run("update user set role = 'member'");
  });

  it("[HT25] are one's own to list and revoke, fifty at most", async () => {
    const app = startApp();
    const [ada, eve] = await Promise.all([signUp(app, "ada"), signUp(app, "eve")]);
    const { id, key } = await makeKey(app, ada.cookie);
    expect((await app.call("DELETE", `${KEYS}/${id}`, undefined, { cookie: eve.cookie })).status).toBe(404);
    const list = await app.call("GET", KEYS, undefined, { cookie: eve.cookie });
    expect(ApiKeyList.parse(await list.json()).keys).toEqual([]);
    expect((await app.call("GET", "/v1/models", undefined, bearer(key))).status).toBe(200);
    const resolved = await app.services.resolvePrincipal(
      new Request("http://x", { headers: { cookie: ada.cookie } }),
    );
    if (!resolved.ok) throw new Error(resolved.error);
    const { userId, organizationId } = resolved.value;
    const owner = { userId, organizationId };
    for (let count = 1; count < MAX_KEYS_PER_USER; count += 1)
      await app.apiKeys.create(owner, `key ${count}`);
    expect((await app.call("POST", KEYS, { name: "one more" }, { cookie: ada.cookie })).status).toBe(409);
    await app.settle();
  });

  it("[HT25] are fifty at most, however many are made at the same time", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) =>
        app.call("POST", KEYS, { name: `key ${index}` }, { cookie }),
      ),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(MAX_KEYS_PER_USER);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(10);
    const { keys } = ApiKeyList.parse(await (await app.call("GET", KEYS, undefined, { cookie })).json());
    const ids = await Promise.all(made.map(async (answer) => CreatedApiKey.parse(await answer.json()).id));
    expect(keys.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });
});

describe("chats", () => {
  it("[HT16] are nobody else's, by cookie or by key, in any way there is", async () => {
    const app = startApp();
    const [ada, eve] = await Promise.all([signUp(app, "ada"), signUp(app, "eve")]);
    const made = await app.call("POST", SESSIONS, { title: "Secret" }, { cookie: ada.cookie });
    const { id } = SessionSummary.parse(await made.json());
    const { key } = await makeKey(app, eve.cookie);
    const upgrade = { upgrade: "websocket" };
    app.asked.length = 0;
    for (const credential of [{ cookie: eve.cookie }, bearer(key)]) {
      const ways: [string, string, unknown?][] = [
        ["GET", ""],
        ["PATCH", "", { title: "Mine" }],
        ["DELETE", ""],
        ["GET", "/messages"],
        ["POST", "/ticket"],
        ["GET", "/socket"],
      ];
      for (const [method, path, body] of ways) {
        const answer = await app.call(method, `${SESSIONS}/${id}${path}`, body, {
          ...upgrade,
          ...credential,
        });
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      }
      const list = await app.call("GET", SESSIONS, undefined, credential);
      expect(SessionList.parse(await list.json()).sessions).toEqual([]);
    }
    expect(app.asked).toEqual([]);
    expect(app.objectRequests).toEqual([]);
    const own = await app.call("GET", `${SESSIONS}/${id}`, undefined, { cookie: ada.cookie });
    expect(SessionSummary.parse(await own.json()).title).toBe("Secret");
    await app.settle();
  });

  it("[HT19] come newest first, in pages that nothing shifts, and are found by title", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const titles = ["100% sure", "alpha_beta", "Alpha gamma", "delta", "it's"];
    const ids: string[] = [];
    for (const title of titles) {
      const answer = await app.call("POST", SESSIONS, { title }, { cookie });
      ids.unshift(SessionSummary.parse(await answer.json()).id);
    }
    const page = async (query: string) =>
      SessionList.parse(await (await app.call("GET", `${SESSIONS}?${query}`, undefined, { cookie })).json());
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { sessions, nextCursor } = await page(`limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...sessions.map((chat) => chat.id));
      // A chat that is made in between is not in the pages that follow.
      if (cursor === "") await app.call("POST", SESSIONS, { title: "late" }, { cookie });
      cursor = nextCursor;
    }
    expect(seen).toEqual(ids);
    const find = async (query: string) =>
      (await page(`query=${encodeURIComponent(query)}`)).sessions.map((chat) => chat.title);
    expect(await find("ALPHA")).toEqual(["Alpha gamma", "alpha_beta"]);
    expect(await find("a_b")).toEqual(["alpha_beta"]);
    expect(await find("%")).toEqual(["100% sure"]);
    expect(await find("it's")).toEqual(["it's"]);
    expect(await find("' or 1=1 --")).toEqual([]);
    expect((await app.call("GET", `${SESSIONS}?cursor=1.x'`, undefined, { cookie })).status).toBe(400);
  });

  it("[HT240] are found by a long part of their title", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const titles = ["x".repeat(200), `${"Größe 100%_".repeat(9)} or so`, "short"];
    for (const title of titles) await app.call("POST", SESSIONS, { title }, { cookie });
    const find = async (query: string) => {
      const answer = await app.call("GET", `${SESSIONS}?query=${encodeURIComponent(query)}`, undefined, {
        cookie,
      });
      expect(answer.status).toBe(200);
      return SessionList.parse(await answer.json()).sessions.map((chat) => chat.title);
    };
    expect(await find("X".repeat(200))).toEqual(titles.slice(0, 1));
    expect(await find("größe 100%_".repeat(9))).toEqual(titles.slice(1, 2));
    expect(await find("%".repeat(60))).toEqual([]);
  });

  it("[HT18] are gone after they were deleted", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const { id } = SessionSummary.parse(
      await (await app.call("POST", SESSIONS, undefined, { cookie })).json(),
    );
    expect((await app.call("DELETE", `${SESSIONS}/${id}`, undefined, { cookie })).status).toBe(204);
    expect((await app.call("GET", `${SESSIONS}/${id}`, undefined, { cookie })).status).toBe(404);
    expect((await app.call("PATCH", `${SESSIONS}/${id}`, { title: "back" }, { cookie })).status).toBe(404);
    const list = await app.call("GET", SESSIONS, undefined, { cookie });
    expect(SessionList.parse(await list.json()).sessions).toEqual([]);
    const ticket = await app.call("GET", `${SESSIONS}/${id}/socket?ticket=t`, undefined, {
      upgrade: "websocket",
    });
    expect(ticket.status).toBe(404);
  });

  it("[HT12] pass the object's socket through to the browser", async () => {
    const app = startApp({
      chatObject: {
        fetch: () => {
          const { 0: client, 1: server } = new WebSocketPair();
          server.accept();
          server.send("hello");
          return Promise.resolve(new Response(null, { status: 101, webSocket: client }));
        },
      },
    });
    const { cookie } = await signUp(app, "ada");
    const { id } = SessionSummary.parse(
      await (await app.call("POST", SESSIONS, undefined, { cookie })).json(),
    );
    const answer = await app.call("GET", `${SESSIONS}/${id}/socket`, undefined, {
      cookie,
      upgrade: "websocket",
    });
    expect(answer.status).toBe(101);
    const socket = answer.webSocket;
    if (socket === null) throw new Error("the socket was lost on its way");
    const first = new Promise<unknown>((resolve) => {
      socket.addEventListener("message", (event) => {
        resolve(event.data);
      });
    });
    socket.accept();
    expect(await first).toBe("hello");
    socket.close();
  });
});

describe("ids", () => {
  it("[HT17] sort by age", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const made = await app.call("POST", SESSIONS, {}, { cookie });
    const { id, createdAt } = SessionSummary.parse(await made.json());
    expect(id).toMatch(/^chat_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(Date.parse(createdAt)).toBeLessThanOrEqual(randomSource.nowMs());
  });
});
