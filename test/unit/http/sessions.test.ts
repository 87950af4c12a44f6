/** Chats over HTTP: whose they are, in which order list and object are changed, and the way of a socket to its object. */
import { describe, expect, it } from "vitest";
import { PRINCIPAL_HEADER, TICKET_HEADER } from "../../../src/auth/principal.ts";
import { createApp } from "../../../src/http/app.ts";
import {
  SessionList,
  SessionMessages,
  SessionSummary,
  SessionTicket,
} from "../../../src/protocol/session-api.ts";
import { addChat, ALICE, createFakeWorld, MALLORY, NOW_MS, OWN_ORIGIN } from "./fake-services.ts";
import type { FakeOptions } from "./fake-services.ts";

function start(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const app = createApp(world.services);
  const call = async (
    method: string,
    path: string,
    extra: { body?: string; headers?: Record<string, string> } = {},
  ) =>
    app.request(
      new Request(`${OWN_ORIGIN}/api/v1/sessions${path}`, {
        method,
        body: extra.body ?? null,
        headers: {
          cookie: "who=alice",
          origin: OWN_ORIGIN,
          "content-type": "application/json",
          ...extra.headers,
        },
      }),
    );
  return { ...world, app, call };
}

const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };
const UNKNOWN = `chat_${"z".repeat(26)}`;

describe("whose chat it is", () => {
  const ways = [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/messages"],
    ["POST", "/ticket"],
    ["GET", "/socket"],
  ] as const;

  it("[HT16] answers for another's chat as for one that does not exist", async () => {
    const world = start();
    const { call, asked, objectRequests } = world;
    const foreign = addChat(world, MALLORY);
    for (const [method, path] of ways) {
      const answers = await Promise.all(
        [foreign, UNKNOWN].map(async (id) => {
          const body = method === "PATCH" ? { body: '{"title":"mine"}' } : {};
          const answer = await call(method, `/${id}${path}`, {
            ...body,
            headers: { ...UPGRADE, "x-request-id": "r" },
          });
          return { status: answer.status, text: await answer.text() };
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]?.status).toBe(404);
    }
    expect(asked.filter((line) => line.startsWith("object"))).toEqual([]);
    expect(objectRequests).toEqual([]);
    expect(world.chats.get(foreign)?.title).toBe("First");
  });

  it("[HT16] touches neither list nor object for an id that cannot be one", async () => {
    const { call, asked, objectRequests } = start();
    const impossible = [
      "1",
      "chat_1' OR '1'='1",
      `chat_${"0".repeat(27)}`,
      `chat_${"U".repeat(26)}`,
      "..%2f..%2fhealth",
    ];
    for (const id of impossible) {
      for (const [method, path] of ways) {
        const body = method === "PATCH" ? { body: '{"title":"mine"}' } : {};
        const answer = await call(method, `/${encodeURIComponent(id)}${path}`, { ...body, headers: UPGRADE });
        expect([id, method, answer.status]).toEqual([id, method, 404]);
      }
      expect(
        (await call("GET", `/${encodeURIComponent(id)}/socket?ticket=t`, { headers: UPGRADE })).status,
      ).toBe(404);
    }
    expect(asked).toEqual([]);
    expect(objectRequests).toEqual([]);
  });
});

describe("the list and the object", () => {
  it("[HT17] makes the object before the chat is listed", async () => {
    const { call, asked } = start();
    const answer = await call("POST", "", { body: '{"title":" Trip "}' });
    expect(answer.status).toBe(201);
    const chat = SessionSummary.parse(await answer.json());
    expect(chat).toMatchObject({ title: "Trip", createdAt: new Date(NOW_MS).toISOString() });
    expect(asked).toEqual([`object create ${chat.id}`, `list-chat ${chat.id} Trip`]);
  });

  it("[HT17] takes an empty body", async () => {
    const { call } = start();
    const answer = await call("POST", "");
    expect(SessionSummary.parse(await answer.json()).title).toBe("New chat");
  });

  it("[HT17] lists nothing when the object could not be made", async () => {
    const { call, chats } = start({ chatObject: { create: () => Promise.reject(new Error("overloaded")) } });
    expect((await call("POST", "")).status).toBe(500);
    expect(chats.size).toBe(0);
  });

  it("[HT18] empties the object before the chat leaves the list", async () => {
    const world = start();
    const id = addChat(world);
    expect((await world.call("DELETE", `/${id}`)).status).toBe(204);
    expect(world.asked).toEqual([`read ${id}`, `object delete ${id}`, `unlist-chat ${id}`]);
    expect((await world.call("DELETE", `/${id}`)).status).toBe(404);
  });

  it("[HT18] keeps a chat listed whose object could not be emptied", async () => {
    const world = start({ chatObject: { deleteAll: () => Promise.reject(new Error("overloaded")) } });
    const id = addChat(world);
    expect((await world.call("DELETE", `/${id}`)).status).toBe(500);
    expect(world.chats.has(id)).toBe(true);
  });

  it("[HT19] lists one's own chats and refuses a cursor that it did not give", async () => {
    const world = start();
    const id = addChat(world);
    addChat(world, MALLORY);
    const list = SessionList.parse(await (await world.call("GET", "")).json());
    expect(list.sessions.map((chat) => chat.id)).toEqual([id]);
    expect((await world.call("GET", "?cursor=broken")).status).toBe(400);
  });

  it("[HT20] renames in the list and in the object, so that every tab hears of it", async () => {
    const world = start();
    const id = addChat(world);
    const answer = await world.call("PATCH", `/${id}`, { body: '{"title":"Second"}' });
    expect(SessionSummary.parse(await answer.json()).title).toBe("Second");
    expect(world.asked).toEqual([`object rename Second ${id}`]);
  });

  it("[HT21] gives messages and tickets of one's own chat", async () => {
    const world = start();
    const id = addChat(world);
    expect(SessionMessages.parse(await (await world.call("GET", `/${id}/messages`)).json()).messages).toEqual(
      [],
    );
    const ticket = await world.call("POST", `/${id}/ticket`);
    expect(ticket.status).toBe(201);
    expect(SessionTicket.parse(await ticket.json()).ticket).toBe("t_1");
  });
});

describe("the socket", () => {
  it("[HT12] tells the object who comes, whatever the client wrote there, and nothing secret", async () => {
    const world = start();
    const id = addChat(world);
    await world.call("GET", `/${id}/socket?secret=1`, {
      headers: {
        ...UPGRADE,
        [PRINCIPAL_HEADER]: '{"userId":"user_mallory","organizationId":"org_a"}',
        "X-Breakwater-Ticket": "forged",
        "x-breakwater-anything": "forged",
        "x-api-key": "bw_secret",
        "sec-websocket-protocol": "breakwater.v1",
      },
    });
    const [request] = world.objectRequests;
    expect(new URL(request?.url ?? "").search).toBe("");
    const headers = Object.fromEntries(request?.headers ?? []);
    expect(JSON.parse(headers[PRINCIPAL_HEADER] ?? "")).toEqual({
      userId: ALICE.userId,
      organizationId: ALICE.organizationId,
    });
    expect(headers).toMatchObject({ upgrade: "websocket", "sec-websocket-protocol": "breakwater.v1" });
    expect(headers["x-request-id"]).toMatch(/^req_/);
    for (const name of [TICKET_HEADER, "x-breakwater-anything", "cookie", "x-api-key", "authorization"]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it("[HT13] asks for an upgrade where there was none", async () => {
    const world = start();
    const answer = await world.call("GET", `/${addChat(world)}/socket`);
    expect(answer.status).toBe(426);
    expect(answer.headers.get("upgrade")).toBe("websocket");
  });

  it("[HT14] hands a ticket to the object unjudged, and only for a chat that exists", async () => {
    const world = start();
    const id = addChat(world);
    const open = (chat: string, query: string) =>
      world.app.request(`${OWN_ORIGIN}/api/v1/sessions/${chat}/socket${query}`, { headers: UPGRADE });
    expect((await open(id, "?ticket=t_1")).status).toBe(200);
    const headers = Object.fromEntries(world.objectRequests[0]?.headers ?? []);
    expect(headers[TICKET_HEADER]).toBe("t_1");
    expect(headers).not.toHaveProperty(PRINCIPAL_HEADER);
    expect((await open(UNKNOWN, "?ticket=t_1")).status).toBe(404);
    expect((await open(id, "?ticket=")).status).toBe(404);
    expect((await open(id, `?ticket=${"t".repeat(201)}`)).status).toBe(404);
    expect((await open(id, "")).status).toBe(401);
    expect(world.objectRequests).toHaveLength(1);
  });

  it("[HT15] refuses a socket that a page of another site opens with a visitor's cookie", async () => {
    const world = start();
    const id = addChat(world);
    const open = (headers: Record<string, string>) =>
      world.app.request(`${OWN_ORIGIN}/api/v1/sessions/${id}/socket`, {
        headers: { ...UPGRADE, ...headers },
      });
    expect((await open({ cookie: "who=alice", origin: "https://evil.example" })).status).toBe(403);
    expect((await open({ cookie: "who=alice" })).status).toBe(403);
    expect(world.objectRequests).toEqual([]);
    expect((await open({ cookie: "who=alice", origin: OWN_ORIGIN })).status).toBe(200);
    expect((await open({ authorization: "Bearer program" })).status).toBe(200);
  });
});
