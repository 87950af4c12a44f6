/** What belongs to a chat, as an attacker calls it: every address, with every credential but the right one. */
import { describe, expect, it } from "vitest";
import { PNG, toUtf8 } from "../../fixtures/tiny-files.ts";
import { ALICES_BROWSER, startChats } from "./chat-app.ts";
import type { Call } from "./chat-app.ts";
import { addChat, LISTED_ORIGIN, MALLORY, OWN_ORIGIN } from "./fake-services.ts";

type World = ReturnType<typeof startChats>;

/** Below a chat's address; what each gives its owner. */
const ROUTES = [
  ["GET", "messages", 200],
  ["GET", "search?query=x", 200],
  ["GET", "export", 200],
  ["GET", "share", 200],
  ["POST", "share", 201],
  ["DELETE", "share", 204],
  ["POST", "stop", 200],
  ["POST", "attachments", 201],
  ["GET", "attachments/file_1", 200],
] as const;
const CHANGING = ROUTES.filter(([method]) => method !== "GET");
const SECRET = "5".repeat(64);

/** A chat with a link and a file. */
function startAttacked(owner?: typeof MALLORY) {
  const world = startChats();
  const id = addChat(world, owner);
  world.state.secrets.set(id, SECRET);
  const file = { attachmentId: "file_1", name: "a.png", mediaType: "image/png", bytes: PNG.byteLength };
  world.state.attached.set(`${id}/file_1`, file);
  world.state.files.set(`attachments/${id}/file_1`, { bytes: PNG, mediaType: "image/png" });
  return { world, id };
}

/** With these headers alone, and a body where one is wanted. */
function knock(
  world: World,
  id: string,
  [method, path]: readonly [string, string, number],
  headers: Call["headers"],
) {
  const body = path === "attachments" ? { body: PNG } : {};
  return world.knock(method, `/sessions/${id}/${path}`, {
    ...body,
    headers: { "content-type": "image/png", "x-request-id": "r", ...headers },
  });
}

const nothingWasDone = (world: World): void => {
  expect(world.askedOf("object")).toEqual([]);
  expect(world.askedOf("put")).toEqual([]);
  expect(world.askedOf("get")).toEqual([]);
};

describe("credentials", () => {
  it("[AU17] nobody does anything without any", async () => {
    for (const route of ROUTES) {
      for (const headers of [
        {},
        { origin: OWN_ORIGIN },
        { cookie: "who=nobody" },
        { authorization: "Bearer wrong" },
        { authorization: "Bearer wrong", cookie: "who=alice", origin: OWN_ORIGIN },
        { "x-breakwater-principal": '{"userId":"user_alice","organizationId":"org_a"}' },
      ]) {
        const { world, id } = startAttacked();
        expect([...route, (await knock(world, id, route, headers)).status]).toEqual([...route, 401]);
        nothingWasDone(world);
      }
      // A ticket is for the socket.
      const { world, id } = startAttacked();
      const [method, path] = route;
      const withTicket = `${path}${path.includes("?") ? "&" : "?"}ticket=t_1`;
      expect((await knock(world, id, [method, withTicket, 0], {})).status).toBe(401);
    }
  });

  it("[HT16] everybody else finds no such chat", async () => {
    for (const route of ROUTES) {
      for (const headers of [
        { cookie: "who=mallory", origin: OWN_ORIGIN },
        { cookie: "who=admin", origin: OWN_ORIGIN },
      ]) {
        const { world, id } = startAttacked();
        const foreign = await knock(world, id, route, headers);
        const missing = await knock(world, `chat_${"z".repeat(26)}`, route, headers);
        expect([...route, foreign.status]).toEqual([...route, 404]);
        expect(await foreign.text()).toBe(await missing.text());
        nothingWasDone(world);
      }
    }
  });

  it("[AU10] a program acts for its person, and for nobody else", async () => {
    for (const route of ROUTES) {
      const headers = { authorization: "Bearer program", origin: "https://evil.example" };
      const { world, id } = startAttacked();
      expect([...route, (await knock(world, id, route, headers)).status]).toEqual([...route, route[2]]);
      const { world: other, id: foreign } = startAttacked(MALLORY);
      expect([...route, (await knock(other, foreign, route, headers)).status]).toEqual([...route, 404]);
    }
  });

  it("[AU18] a page of another site changes nothing with a visitor's cookie, and reads nothing", async () => {
    const origins = ["https://evil.example", "null", `${OWN_ORIGIN}.evil.example`, "http://127.0.0.1:8788"];
    for (const route of CHANGING) {
      for (const origin of [undefined, ...origins]) {
        const { world, id } = startAttacked();
        const headers = { cookie: "who=alice", ...(origin === undefined ? {} : { origin }) };
        expect([...route, origin, (await knock(world, id, route, headers)).status]).toEqual([
          ...route,
          origin,
          403,
        ]);
        nothingWasDone(world);
      }
      for (const origin of [OWN_ORIGIN, LISTED_ORIGIN]) {
        const { world, id } = startAttacked();
        expect((await knock(world, id, route, { cookie: "who=alice", origin })).status).toBe(route[2]);
      }
    }
    for (const route of ROUTES) {
      for (const origin of origins) {
        const { world, id } = startAttacked();
        const { headers } = await knock(world, id, route, { cookie: "who=alice", origin });
        expect(headers.has("access-control-allow-origin")).toBe(false);
      }
    }
  });
});

describe("addresses", () => {
  it("[HT63] a file's id leads nowhere else", async () => {
    const { world, id } = startAttacked();
    const wrong = [
      "..",
      "../../chat_1/attachments/file_1",
      "..%2f..%2f",
      "..%2f..%2fdead-letters%2fselections%2f2026-11-20%2fx.json",
      `..%2f${id}%2ffile_1`,
      "%2e%2e%2ffile_1",
      "%252e%252e%252ffile_1",
      "file_1%00",
      "file_1%2f..",
      "file_1%20",
      "FILE_1",
      "file_1'%20OR%20'1'='1",
      "%",
      "%ff%fe",
      "*",
      "f".repeat(8_000),
    ];
    for (const path of wrong) {
      const answer = await world.call("GET", `/${id}/attachments/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(world.askedOf("get")).toEqual([]);
  });

  it("[HT11] a wrong method is told the right ones, and does nothing", async () => {
    const { world, id } = startAttacked();
    const cases = [
      ["messages", ["POST", "PUT", "PATCH", "DELETE"], "GET, HEAD"],
      ["search", ["POST", "DELETE"], "GET, HEAD"],
      ["export", ["POST", "PUT", "DELETE"], "GET, HEAD"],
      ["share", ["PUT", "PATCH"], "GET, HEAD, POST, DELETE"],
      ["stop", ["GET", "HEAD", "PUT", "DELETE"], "POST"],
      ["attachments", ["GET", "HEAD", "PUT", "DELETE"], "POST"],
      ["attachments/file_1", ["POST", "PUT", "DELETE"], "GET, HEAD"],
    ] as const;
    for (const [path, methods, allow] of cases) {
      for (const method of methods) {
        const answer = await world.call(method, `/${id}/${path}`);
        expect([path, method, answer.status, answer.headers.get("allow")]).toEqual([
          path,
          method,
          405,
          allow,
        ]);
      }
    }
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await world.knock(method, `/shared/${id}.${SECRET}`, { headers: ALICES_BROWSER });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
    for (const path of ["attachments/", "attachments/file_1/more", "share/x", "exports", "stop/now"]) {
      expect([path, (await world.call("GET", `/${id}/${path}`)).status]).toEqual([path, 404]);
    }
    nothingWasDone(world);
  });

  it("[HT11] HEAD gives the headers of GET and no body", async () => {
    const { world, id } = startAttacked();
    const paths = [
      ...ROUTES.filter(([method]) => method === "GET").map(([, path]) => `/sessions/${id}/${path}`),
    ];
    for (const path of [...paths, `/shared/${id}.${SECRET}`]) {
      const headers = { ...ALICES_BROWSER, "x-request-id": "r" };
      const [get, head] = [
        await world.knock("GET", path, { headers }),
        await world.knock("HEAD", path, { headers }),
      ];
      expect([path, head.status, await head.text()]).toEqual([path, 200, ""]);
      expect([...head.headers]).toEqual([...get.headers]);
    }
    expect((await world.knock("HEAD", `/sessions/${id}/export`)).status).toBe(401);
    expect((await world.knock("HEAD", `/shared/${id}.${"6".repeat(64)}`)).status).toBe(404);
  });
});

describe("queries and bodies", () => {
  it("[HT8] a query of any size and any signs is refused or ignored, and never reaches an object", async () => {
    const { world, id } = startAttacked();
    const paths = [
      ...ROUTES.filter(([method]) => method === "GET").map(([, path]) => `/sessions/${id}/${path}`),
      `/shared/${id}.${SECRET}`,
    ];
    const many = Array.from({ length: 5_000 }, (_, index) => `a${index}=b`).join("&");
    const queries = [
      "z".repeat(100_000),
      `before=${"z".repeat(100_000)}`,
      `query=${"z".repeat(100_000)}`,
      `format=${"z".repeat(100_000)}`,
      "limit=99999999999999999999",
      "limit=1e3000",
      "limit=0x10&limit=-1",
      "__proto__=1&constructor=2",
      "%ff=%fe&%=%",
      many,
    ];
    for (const path of paths) {
      for (const query of queries) {
        const whole = `${path}${path.includes("?") ? "&" : "?"}${query}`;
        const answer = await world.knock("GET", whole, { headers: ALICES_BROWSER });
        expect([path, query.slice(0, 40), [200, 400].includes(answer.status)]).toEqual([
          path,
          query.slice(0, 40),
          true,
        ]);
      }
    }
    expect(world.asked.every((line) => line.length < 300)).toBe(true);
    expect(world.linesOf("internal_error")).toEqual([]);
  });

  it("[HT8] of a name that occurs twice the last value counts, so that nothing is checked and another is used", async () => {
    const { world, id } = startAttacked();
    expect((await world.call("GET", `/${id}/export?format=json&format=pdf`)).status).toBe(400);
    await world.call("GET", `/${id}/messages?limit=99999&limit=7`);
    expect(world.askedOf("object")).toEqual([`object messages 7 newest ${id}`]);
  });

  it("[HT8] a body that nobody asked for is not read", async () => {
    const { world, id } = startAttacked();
    let made = 0;
    const toEndless = () =>
      new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            made += 1;
            controller.enqueue(toUtf8("x"));
          },
        },
        { highWaterMark: 0 },
      );
    for (const [method, path, status] of CHANGING.filter(([, name]) => name !== "attachments")) {
      expect((await world.call(method, `/${id}/${path}`, { body: toEndless() })).status).toBe(status);
    }
    expect(made).toBe(0);
  });

  it("[HT62] a file that breaks off leaves nothing", async () => {
    const { world, id } = startAttacked();
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(PNG),
      pull: (controller) => controller.error(new Error("the client went away")),
    });
    const headers = { "content-type": "image/png" };
    expect((await world.call("POST", `/${id}/attachments`, { body: broken, headers })).status).toBe(500);
    nothingWasDone(world);
  });
});
