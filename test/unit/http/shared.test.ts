/** Read-only links over HTTP: who makes them, who reads them, and that a token stands in no log and no index. */
import { describe, expect, it } from "vitest";
import { SessionShare, SessionShareState, SharedChat } from "../../../src/protocol/session-api.ts";
import { startChats } from "./chat-app.ts";
import { addChat, MALLORY, NOW_MS, OWN_ORIGIN } from "./fake-services.ts";

type World = ReturnType<typeof startChats>;

async function share(world: World, id: string): Promise<SessionShare> {
  const answer = await world.call("POST", `/${id}/share`);
  expect(answer.status).toBe(201);
  return SessionShare.parse(await answer.json());
}

/** As somebody who has nothing but the link. */
const open = (world: World, token: string, query = ""): Promise<Response> =>
  world.knock("GET", `/shared/${token}${query}`, { headers: { "x-request-id": "r" } });

describe("making a link", () => {
  it("[HT65] gives the token once, as a page's address too", async () => {
    const world = startChats();
    const id = addChat(world);
    const { token, url } = await share(world, id);
    expect(token).toBe(`${id}.${"0".repeat(64)}`);
    expect(url).toBe(`${OWN_ORIGIN}/shared/${token}`);
  });

  it("[HT65] reading whether there is one names no token", async () => {
    const world = startChats();
    const id = addChat(world);
    const readState = async (): Promise<SessionShareState> =>
      SessionShareState.strict().parse(await (await world.call("GET", `/${id}/share`)).json());
    expect(await readState()).toEqual({ isShared: false, createdAt: null });
    await share(world, id);
    expect(await readState()).toEqual({ isShared: true, createdAt: new Date(NOW_MS).toISOString() });
    expect((await world.call("DELETE", `/${id}/share`)).status).toBe(204);
    expect(await readState()).toEqual({ isShared: false, createdAt: null });
    // There is nothing to revoke any more, and nothing wrong with saying so again.
    expect((await world.call("DELETE", `/${id}/share`)).status).toBe(204);
  });
});

describe("a link", () => {
  it("[HT67] shows the chat to whoever has it, and asks not to be indexed", async () => {
    const world = startChats();
    const { token } = await share(world, addChat(world));
    for (const headers of [{}, { cookie: "who=mallory" }, { authorization: "Bearer wrong" }]) {
      const answer = await world.knock("GET", `/shared/${token}`, { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-robots-tag")).toBe("noindex");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(SharedChat.parse(await answer.json())).toMatchObject({ title: "First", hasOlder: false });
    }
  });

  it("[HT67] asks not to be indexed as a page either", async () => {
    const world = startChats();
    const { url } = await share(world, addChat(world));
    const page = await world.app.request(url);
    expect(page.status).toBe(200);
    expect(page.headers.get("x-robots-tag")).toBe("noindex");
    expect((await world.app.request(`${OWN_ORIGIN}/`)).headers.has("x-robots-tag")).toBe(false);
  });

  it("[HT67] is read in pages of at most 200", async () => {
    const world = startChats();
    const id = addChat(world);
    const { token } = await share(world, id);
    for (const query of ["", "?limit=200&before=m7"])
      expect((await open(world, token, query)).status).toBe(200);
    for (const query of ["?limit=0", "?limit=201", "?limit=x", `?before=${"m".repeat(201)}`]) {
      expect([query, (await open(world, token, query)).status]).toEqual([query, 400]);
    }
    expect(world.askedOf("object read-shared")).toEqual([
      `object read-shared 100 newest ${id}`,
      `object read-shared 200 m7 ${id}`,
    ]);
  });

  it("[HT66] that was replaced, revoked, guessed or is for no chat is the same 404", async () => {
    const world = startChats();
    const [id, never, deleted] = [addChat(world), addChat(world), addChat(world)];
    const replaced = (await share(world, id)).token;
    const { token } = await share(world, id);
    const ofDeleted = (await share(world, deleted)).token;
    await world.call("DELETE", `/${deleted}`);
    const toAnswer = async (answer: Response) => [answer.status, await answer.text()];
    const answers = [
      await toAnswer(await open(world, replaced)),
      await toAnswer(await open(world, `${id}.${"9".repeat(64)}`)),
      await toAnswer(await open(world, `${never}.${"0".repeat(64)}`)),
      await toAnswer(await open(world, ofDeleted)),
      await toAnswer(await open(world, `chat_${"z".repeat(26)}.${"0".repeat(64)}`)),
      await toAnswer(await open(world, "nonsense")),
    ];
    expect(answers[0]?.[0]).toBe(404);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect((await open(world, token)).status).toBe(200);
    await world.call("DELETE", `/${id}/share`);
    expect(await toAnswer(await open(world, token))).toEqual(answers[0]);
  });

  it("[HT66] asks no object that there is not, and looks nothing up for a token that cannot be one", async () => {
    const world = startChats();
    const id = addChat(world);
    const { token } = await share(world, id);
    const secret = token.slice(id.length + 1);
    const before = world.asked.length;
    const malformed = [
      id,
      secret,
      `${id}.`,
      `.${secret}`,
      `${id}.${secret}0`,
      `${id}.${secret.slice(1)}`,
      `${id}.${secret.slice(1)}g`,
      `${id}.${"A".repeat(64)}`,
      `${id}${secret}`,
      `${id}.${secret}.${secret}`,
      `${id}%00.${secret}`,
      `${id}.${secret}%0a`,
      `%20${token}`,
      `../${token}`,
      `..%2f${token}`,
      `chat_1.${secret}`,
      `CHAT_${id.slice(5)}.${secret}`,
      "%",
      "%ff",
      "x".repeat(10_000),
    ];
    for (const wrong of malformed) expect([wrong, (await open(world, wrong)).status]).toEqual([wrong, 404]);
    expect(world.asked.slice(before)).toEqual([]);
    expect((await open(world, `chat_${"z".repeat(26)}.${secret}`)).status).toBe(404);
    expect(world.asked.slice(before)).toEqual([`exists chat_${"z".repeat(26)}`]);
  });

  it("[HT3] leaves its token in no line of the log, only whose chat it was", async () => {
    const world = startChats();
    const id = addChat(world);
    const { token, url } = await share(world, id);
    const secret = token.slice(id.length + 1);
    await open(world, token);
    await open(world, `${token}?before=${secret}`);
    await world.app.request(url);
    await open(world, secret);
    await open(world, `${id}%2e${secret}`);
    await world.knock("POST", `/shared/${token}`, { headers: { cookie: "who=alice" } });
    await world.knock("GET", `/shared/${token}/more`);
    await world.knock("GET", `//shared/${token}`);
    expect(JSON.stringify(world.lines)).not.toContain(secret);
    expect(world.linesOf("request_completed").slice(1, 3)).toMatchObject([
      { path: `/api/v1/shared/${id}.…`, status: 200 },
      { path: `/api/v1/shared/${id}.…`, status: 200 },
    ]);
  });

  it("[HT66] makes nothing of somebody else's chat", async () => {
    const world = startChats();
    const foreign = addChat(world, MALLORY);
    for (const method of ["GET", "POST", "DELETE"]) {
      expect((await world.call(method, `/${foreign}/share`)).status).toBe(404);
    }
    expect(world.askedOf("object")).toEqual([]);
  });
});
