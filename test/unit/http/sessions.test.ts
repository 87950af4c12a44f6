/** Chats over HTTP: whose they are, in which order list and object are changed, and the way of a socket to its object. */
import { describe, expect, it } from "vitest";
import { PRINCIPAL_HEADER, TICKET_HEADER } from "../../../src/auth/principal.ts";
import {
  SessionList,
  SessionMessages,
  SessionSearchResult,
  SessionStopped,
  SessionSummary,
  SessionTicket,
} from "../../../src/protocol/session-api.ts";
import { startChats as start } from "./chat-app.ts";
import { addChat, ALICE, MALLORY, NOW_MS, OWN_ORIGIN } from "./fake-services.ts";

const UPGRADE = { upgrade: "websocket", connection: "Upgrade" };
const UNKNOWN = `chat_${"z".repeat(26)}`;

describe("whose chat it is", () => {
  const ways = [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/messages"],
    ["GET", "/search?query=x"],
    ["POST", "/stop"],
    ["POST", "/ticket"],
    ["GET", "/export"],
    ["GET", "/share"],
    ["POST", "/share"],
    ["DELETE", "/share"],
    ["POST", "/attachments"],
    ["GET", "/attachments/file_1"],
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
    const page = SessionMessages.parse(await (await world.call("GET", `/${id}/messages`)).json());
    expect(page).toMatchObject({ messages: [{ id: "m1", role: "user" }], hasOlder: true });
    const ticket = await world.call("POST", `/${id}/ticket`);
    expect(ticket.status).toBe(201);
    expect(SessionTicket.parse(await ticket.json()).ticket).toBe("t_1");
  });
});

describe("what is in a chat", () => {
  it("[HT64] stops what runs and says whether there was anything", async () => {
    for (const stopped of [true, false]) {
      const world = start({ chatObject: { stop: () => Promise.resolve(stopped) } });
      const answer = await world.call("POST", `/${addChat(world)}/stop`);
      expect([answer.status, SessionStopped.parse(await answer.json())]).toEqual([200, { stopped }]);
    }
  });

  it("[HT68] reads the newest page, or the one above a message, of the size that is asked for", async () => {
    const world = start();
    const id = addChat(world);
    const read = async (query: string): Promise<unknown> =>
      SessionMessages.parse(await (await world.call("GET", `/${id}/messages${query}`)).json()).hasOlder;
    expect([await read(""), await read("?limit=5"), await read("?limit=1000&before=m7")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(world.askedOf("object")).toEqual([
      `object messages 1000 newest ${id}`,
      `object messages 5 newest ${id}`,
      `object messages 1000 m7 ${id}`,
    ]);
  });

  it("[HT68] asks the object for no page that is larger, or none at all", async () => {
    const world = start();
    const id = addChat(world);
    for (const query of [
      "limit=1001",
      "limit=0",
      "limit=-1",
      "limit=1.5",
      "limit=all",
      `before=${"m".repeat(201)}`,
    ]) {
      const answer = await world.call("GET", `/${id}/messages?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect(world.askedOf("object")).toEqual([]);
  });

  it("[HT69] finds what one to two hundred characters stand in, a hundred at the most", async () => {
    const world = start();
    const id = addChat(world);
    const find = (query: string): Promise<Response> => world.call("GET", `/${id}/search${query}`);
    const found = SessionSearchResult.parse(
      await (await find("?query=%20h%C3%A9llo%25%20&limit=100")).json(),
    );
    expect(found.hits).toMatchObject([{ messageId: "m1", excerpt: "Hello" }]);
    expect(SessionSearchResult.parse(await (await find("?query=a")).json()).hits).toHaveLength(1);
    expect(world.askedOf("object")).toEqual([`object search 100 héllo% ${id}`, `object search 20 a ${id}`]);
    for (const query of ["", "?query=", "?query=%20%20", `?query=${"q".repeat(201)}`, "?query=a&limit=101"]) {
      expect([query, (await find(query)).status]).toEqual([query, 400]);
    }
    expect(world.askedOf("object")).toHaveLength(2);
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
      credential: { kind: "sign-in", id: "sign_in_alice" },
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

  it.each([
    [404, "not-found", "There is no such chat."],
    [503, "unavailable", "Too many sockets are open on this chat."],
  ])(
    "[HT320] says what the object has against it (%i) as any other refusal",
    async (status, code, detail) => {
      const fetch = (): Promise<Response> => Promise.resolve(new Response(detail, { status }));
      const world = start({ chatObject: { fetch } });
      const id = addChat(world);
      const answer = await world.call("GET", `/${id}/socket?ticket=t_1`, { headers: UPGRADE });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(await answer.json()).toMatchObject({ status, code, detail });
    },
  );

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
