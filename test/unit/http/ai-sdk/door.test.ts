/** What `/api/chat` takes and refuses, and who gets nowhere, over fakes. With a real object: test/workers/ai-sdk-door*. */
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../src/http/app.ts";
import { Problem } from "../../../../src/protocol/problem.ts";
import {
  addChat,
  ALICE,
  createFakeWorld,
  LISTED_ORIGIN,
  MALLORY,
  OWN_ORIGIN,
  type FakeOptions,
} from "../fake-services.ts";

const BROWSER = { cookie: "who=alice", origin: OWN_ORIGIN };

function start(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const app = createApp(world.services);
  const knock = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = BROWSER,
  ): Promise<Response> =>
    app.request(
      new Request(`${OWN_ORIGIN}/api/chat${path}`, {
        method,
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    );
  const ask = (body: unknown, headers?: Record<string, string>) => knock("POST", "", body, headers);
  const askedOf = (what: string): string[] => world.asked.filter((line) => line.startsWith(what));
  return { ...world, knock, ask, askedOf };
}

const QUESTION = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] };
const ANSWER = { id: "m0", role: "assistant", parts: [{ type: "text", text: "Yes?" }], metadata: { a: 1 } };
const BODY = { id: "vK3xYw0Qm5RtBz8L", messages: [QUESTION], trigger: "submit-message" };

async function problemOf(answer: Response): Promise<readonly [number, string, ...string[]]> {
  const { code, issues = [] } = Problem.parse(await answer.json());
  return [answer.status, code, ...issues.map(({ path }) => path)];
}

describe("a question", () => {
  it("[HT130] [HT132] reaches the chat's object alone, whatever came before it", async () => {
    const { ask, state } = start();
    const messages = [{ ...QUESTION, id: "m-1" }, ANSWER, QUESTION];
    const answer = await ask({ ...BODY, messages, model: "fast", policy: "cost" });
    expect(await answer.text()).toBe('data: {"type":"start"}\n\ndata: [DONE]\n\n');
    expect(state.questions).toEqual([
      {
        requestId: expect.stringMatching(/^ask_/),
        trigger: "submit-message",
        messages: [QUESTION],
        body: { model: "fast", policy: "cost" },
        bringsWords: true,
      },
    ]);
    expect(answer.headers.get("x-breakwater-attempts")).toBe("2");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });

  it(
    "[HT280] comes with a copy of the chat of any size, with all its pictures",
    { timeout: 20_000 },
    async () => {
      const { ask, state } = start();
      const url = `data:image/png;base64,${"A".repeat(900_000)}`;
      const picture = { id: "p", role: "user", parts: [{ type: "file", mediaType: "image/png", url }] };
      const messages = Array.from({ length: 10 }, () => [picture, ANSWER]).flat();
      expect((await ask({ ...BODY, messages: [...messages, QUESTION], model: "fast" })).status).toBe(200);
      expect(state.questions).toMatchObject([{ messages: [QUESTION], body: { model: "fast" } }]);
      const foreign = { ...picture, role: "system" };
      const refused = await ask({ ...BODY, messages: [ANSWER, foreign, QUESTION] });
      expect(await problemOf(refused)).toEqual([400, "invalid-request", "messages.1.role"]);
      const tooMuch = { "content-length": "100000001", ...BROWSER };
      expect(await problemOf(await ask(BODY, tooMuch))).toEqual([413, "too-large"]);
    },
  );

  it("[HT130] may come alone, and edits or asks again by the id that it names", async () => {
    const { ask, state } = start();
    await ask({ id: BODY.id, message: QUESTION });
    await ask(
      { ...BODY, messageId: "m1", models: ["fast", "openai/x"] },
      { ...BROWSER, "idempotency-key": "my key" },
    );
    await ask({ ...BODY, trigger: "regenerate-message", messageId: "m0", messages: [ANSWER] });
    expect(state.questions).toMatchObject([
      { trigger: "submit-message", messages: [QUESTION], body: {} },
      { requestId: "my key", messageId: "m1", messages: [QUESTION], body: { models: ["fast", "openai/x"] } },
      { trigger: "regenerate-message", messageId: "m0", messages: [] },
    ]);
  });

  it("[HT201] comes with a wish for another answer, unless that names an answer", async () => {
    const { ask, state } = start();
    const again = { ...BODY, trigger: "regenerate-message" };
    const loose = { ...QUESTION, parts: [...QUESTION.parts, { type: "data-x", data: 1 }] };
    for (const more of [{}, { messageId: "m1" }, { messages: [loose] }, { messages: [{ role: "user" }] }]) {
      expect((await ask({ ...again, ...more })).status).toBe(200);
    }
    expect(state.questions.map(({ messages }) => messages)).toEqual([[QUESTION], [QUESTION], [loose], []]);
    const parts = [{ type: "text", text: "é".repeat(600_000) }];
    expect((await ask({ ...again, messages: [{ ...QUESTION, parts }] })).status).toBe(413);
  });

  it("[HT284] whose data is nested too deep is refused by its place, and is no fault of ours", async () => {
    const { ask, state } = start();
    const deep: unknown = JSON.parse("[".repeat(500) + "]".repeat(500));
    const parts = [...QUESTION.parts, { type: "data-x", data: deep }];
    const again = { ...BODY, trigger: "regenerate-message", messages: [{ ...QUESTION, parts }] };
    expect(await problemOf(await ask(again))).toEqual([400, "invalid-request", "messages.0.parts"]);
    const deeper = JSON.stringify(again).replace("[".repeat(500), "[".repeat(20_000));
    const text = deeper.replace("]".repeat(500), "]".repeat(20_000));
    expect(await problemOf(await ask(text))).toEqual([400, "invalid-request", "messages.0.parts"]);
    expect(state.questions).toEqual([]);
  });

  it("[HT133] makes its chat before it is listed, and only the first one does", async () => {
    const { ask, asked, chats } = start();
    await ask(BODY);
    const [id] = [...chats.keys()];
    await ask(BODY);
    expect(asked).toEqual([
      `find ${BODY.id}`,
      `object create ${id}`,
      `list-chat ${id} ${BODY.id}`,
      `object ask submit-message ${id}`,
      `find ${BODY.id}`,
      `object ask submit-message ${id}`,
    ]);
  });

  it("[HT133] whose chat somebody makes at the same time goes there, and leaves none behind", async () => {
    const { asked, ask, chats, services } = start();
    const theirs = addChat({ chats });
    const entry = chats.get(theirs);
    const finds = [null, entry ?? null];
    Object.assign(services.directory, {
      findByClientChatId: () => Promise.resolve(finds.shift()),
      createForClient: () => Promise.resolve(null),
    });
    expect((await ask(BODY)).headers.get("x-breakwater-session")).toBe(theirs);
    const objects = asked.filter((line) => line.startsWith("object")).map((line) => line.split(" "));
    expect(objects.map(([, what]) => what)).toEqual(["create", "delete", "ask"]);
    expect(objects[0]?.[2]).toBe(objects[1]?.[2]);
    expect(objects[2]?.[3]).toBe(theirs);
  });
});

describe("words on tool calls", () => {
  const call = { type: "dynamic-tool", toolName: "send", toolCallId: "c1", input: { to: "ada" } };
  const word = { state: "approval-responded", approval: { id: "appr_1", approved: true, reason: "go" } };
  const answered = { ...ANSWER, parts: [...ANSWER.parts, { ...call, ...word }] };
  const alone = {
    id: "m0",
    role: "assistant",
    parts: [
      {
        type: "dynamic-tool",
        toolCallId: "c1",
        state: "approval-responded",
        approval: { id: "appr_1", approved: true },
      },
    ],
  };

  it("[HT195] reach the chat's object, and nothing else of the client's copy does", async () => {
    const { ask, chats, state } = start();
    const id = addChat({ chats });
    const answer = await ask({ id, messages: [QUESTION, answered], messageId: "m0" });
    expect(answer.status).toBe(200);
    await ask({ id, messages: [QUESTION, answered, QUESTION], messageId: "m0" });
    await ask({ id, message: answered });
    expect(state.questions).toMatchObject([
      { messageId: "m0", messages: [alone], bringsWords: true },
      { messageId: "m0", messages: [alone] },
      { messages: [alone] },
    ]);
  });

  it("[HT195] make no chat, and reach nobody else's", async () => {
    const { ask, askedOf, chats, state } = start();
    const theirs = addChat({ chats }, MALLORY);
    for (const id of [BODY.id, theirs, "chat_00000000000000000000000000"]) {
      expect((await ask({ id, messages: [QUESTION, answered] })).status).toBe(404);
    }
    expect(state.questions).toEqual([]);
    expect(askedOf("object")).toEqual([]);
  });

  it("[HT195] that are none leave an answer, which is no question", async () => {
    const { ask } = start();
    const asked = { state: "approval-requested", approval: { id: "appr_1" } };
    const open = { ...ANSWER, parts: [{ ...call, ...asked }] };
    expect(await problemOf(await ask({ ...BODY, messages: [QUESTION, open] }))).toEqual([
      400,
      "invalid-request",
      "messages.1.role",
      "messages.1.parts.0.type",
    ]);
  });
});

describe("a refusal", () => {
  const file = { type: "file", mediaType: "image/png", url: "data:image/png;base64,aGVsbG8=" };
  const cases: [string, unknown, ...(string | number)[]][] = [
    ["an unknown field", { ...BODY, temperature: 1 }, 400, "invalid-request", ""],
    ["no id", { messages: [QUESTION] }, 400, "invalid-request", "id"],
    ["an empty id", { ...BODY, id: "" }, 400, "invalid-request", "id", "id"],
    ["an id that is too long", { ...BODY, id: "x".repeat(201) }, 400, "invalid-request", "id"],
    ["an id with a line end", { ...BODY, id: "a\nb" }, 400, "invalid-request", "id"],
    ["an id that no address can have", { ...BODY, id: ".." }, 400, "invalid-request", "id"],
    ["no message", { id: "c" }, 400, "invalid-request", "messages"],
    ["no messages", { ...BODY, messages: [] }, 400, "invalid-request", "messages"],
    ["messages twice", { ...BODY, message: QUESTION }, 400, "invalid-request", "messages"],
    ["another trigger", { ...BODY, trigger: "resume" }, 400, "invalid-request", "trigger"],
    [
      "a system message",
      { ...BODY, messages: [{ ...QUESTION, role: "system" }, QUESTION] },
      400,
      "invalid-request",
      "messages.0.role",
    ],
    [
      "an answer as the newest",
      { ...BODY, messages: [QUESTION, ANSWER] },
      400,
      "invalid-request",
      "messages.1.role",
    ],
    [
      "a part of another kind",
      { ...BODY, messages: [ANSWER, { ...QUESTION, parts: [{ type: "data-x", data: 1 }] }] },
      400,
      "invalid-request",
      "messages.1.parts.0.type",
    ],
    [
      "words for providers",
      { ...BODY, messages: [{ ...QUESTION, parts: [{ type: "text", text: "a", providerMetadata: {} }] }] },
      400,
      "invalid-request",
      "messages.0.parts.0",
    ],
    [
      "a field of the message",
      { ...BODY, message: { ...QUESTION, name: "x" }, messages: undefined },
      400,
      "invalid-request",
      "message",
    ],
    [
      "nothing asked",
      { ...BODY, messages: [{ ...QUESTION, parts: [{ type: "text", text: " \n" }] }] },
      400,
      "invalid-request",
      "messages.0.parts",
    ],
    [
      "a file that is another",
      { ...BODY, messages: [{ ...QUESTION, parts: [file] }] },
      400,
      "invalid-request",
      "messages",
    ],
    ["an unknown model", { ...BODY, model: "nobody" }, 400, "invalid-request", "model"],
    ["model and models", { ...BODY, model: "fast", models: ["fast"] }, 400, "invalid-request", "models"],
    [
      "another answer of no chat",
      { ...BODY, trigger: "regenerate-message", messageId: "m0" },
      404,
      "not-found",
    ],
    [
      "another answer of no chat, to nothing",
      { ...BODY, trigger: "regenerate-message", messages: [{ ...QUESTION, parts: [] }] },
      404,
      "not-found",
    ],
    ["no JSON", "{", 400, "invalid-request"],
    ["no body", undefined, 400, "invalid-request"],
    ["a list", [], 400, "invalid-request", ""],
    [
      "a question of a megabyte",
      { ...BODY, messages: [{ ...QUESTION, parts: [{ type: "text", text: "é".repeat(600_000) }] }] },
      413,
      "too-large",
    ],
    [
      "a message of seventeen",
      { ...BODY, messages: [ANSWER, { ...ANSWER, parts: ["x".repeat(17_000_000)] }, QUESTION] },
      413,
      "too-large",
    ],
  ];
  it.each(cases)("[HT136] names %s, and makes no chat", async (_, body, ...expected) => {
    const { ask, askedOf, chats } = start();
    expect(await problemOf(await ask(body))).toEqual(expected);
    expect([askedOf("object"), chats.size]).toEqual([[], 0]);
  });

  it("[HT136] of a field that nobody knows says which one it is", async () => {
    const problem = Problem.parse(await (await start().ask({ ...BODY, temperature: 1 })).json());
    expect(problem.issues?.[0]?.message).toContain("temperature");
  });

  it("[HT136] of another type of body, or of a key that cannot be one, makes no chat", async () => {
    const { ask, askedOf } = start();
    expect((await ask(BODY, { ...BROWSER, "content-type": "text/plain" })).status).toBe(415);
    for (const key of ["", "é", "x".repeat(201)]) {
      const answer = await ask(BODY, { ...BROWSER, "idempotency-key": key });
      expect(await problemOf(answer)).toEqual([400, "invalid-request", "idempotency-key"]);
    }
    expect(askedOf("object")).toEqual([]);
  });

  it("[HT136] [HT139] of the chat itself has a status and names the chat", async () => {
    const { ask, knock, state, chats } = start();
    const id = addChat({ chats });
    const body = { ...BODY, id };
    const replies = [
      [{ type: "refused", reason: "Not now." }, 409, "conflict"],
      [{ type: "no-active" }, 409, "conflict"],
      [{ type: "too-many-readers" }, 503, "unavailable"],
      [{ type: "unknown-chat" }, 404, "not-found"],
    ] as const;
    for (const [reply, status, code] of replies) {
      state.nextAnswer = reply;
      const answer = await ask(body);
      expect(answer.headers.get("x-breakwater-session")).toBe(status === 404 ? null : id);
      const problem = Problem.parse(await answer.json());
      expect([answer.status, problem.code]).toEqual([status, code]);
      if (reply.type === "refused") expect(problem.detail).toBe("Not now.");
    }
    state.nextAnswer = { type: "too-many-readers" };
    expect((await knock("GET", `/${id}/stream`)).status).toBe(503);
  });

  it("[HT139] of one chat too many says when to come back, and makes none", async () => {
    const { ask, askedOf, chats } = start();
    for (let index = 0; index < 300; index += 1) addChat({ chats });
    const answer = await ask(BODY);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await problemOf(answer)).toEqual([429, "rate-limited"]);
    expect(askedOf("object")).toEqual([]);
  });
});

describe("coming back", () => {
  it("[HT134] follows, or is told with 204 that there is nothing", async () => {
    const { askedOf, chats, knock, state } = start();
    const id = addChat({ chats });
    const answer = await knock("GET", `/${id}/stream`);
    expect([answer.status, await answer.text()]).toEqual([200, 'data: {"type":"start"}\n\ndata: [DONE]\n\n']);
    state.nextAnswer = { type: "no-active" };
    const nothing = await knock("GET", `/${id}/stream`);
    expect([nothing.status, nothing.headers.get("x-breakwater-session"), await nothing.text()]).toEqual([
      204,
      id,
      "",
    ]);
    const unknown = await knock("GET", "/a%2Fb%3F/stream");
    expect([unknown.status, unknown.headers.get("x-breakwater-session")]).toEqual([204, null]);
    expect(askedOf("find")).toEqual(["find a/b?"]);
    expect(askedOf("object")).toEqual([`object follow ${id}`, `object follow ${id}`]);
  });

  it("[HT134] with HEAD gives the headers and reads nothing", async () => {
    let cancelled = 0;
    const { chats, knock } = start({
      chatObject: {
        follow: () => {
          const events = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled += 1) });
          return Promise.resolve({ type: "answer", events, server: null });
        },
      },
    });
    const answer = await knock("HEAD", `/${addChat({ chats })}/stream`);
    expect([answer.status, answer.headers.get("content-type"), await answer.text(), cancelled]).toEqual([
      200,
      "text/event-stream",
      "",
      1,
    ]);
  });

  it("[HT135] stops what runs", async () => {
    const { askedOf, chats, knock } = start();
    const id = addChat({ chats });
    expect(await (await knock("POST", `/${id}/stop`)).json()).toEqual({ stopped: true });
    expect(await problemOf(await knock("POST", "/never-used/stop"))).toEqual([404, "not-found"]);
    expect(askedOf("object")).toEqual([`object stop ${id}`]);
  });
});

describe("strangers", () => {
  const ROUTES = [
    ["POST", ""],
    ["GET", "/ID/stream"],
    ["POST", "/ID/stop"],
  ] as const;
  const knockAt = (
    world: ReturnType<typeof start>,
    [method, path]: (typeof ROUTES)[number],
    id: string,
    headers: Record<string, string>,
  ) =>
    world.knock(
      method,
      path.replace("ID", id),
      method === "POST" && path === "" ? { ...BODY, id } : undefined,
      headers,
    );

  it("[AU17] [HT133] without a key, or at somebody else's chat, get nowhere and make no object", async () => {
    for (const route of ROUTES) {
      const world = start();
      const foreign = addChat(world, MALLORY);
      const absent = `chat_${"1".repeat(26)}`;
      const bad = [{}, { authorization: "Bearer wrong" }, { cookie: "who=nobody", origin: OWN_ORIGIN }];
      for (const headers of bad) {
        expect([...route, (await knockAt(world, route, foreign, headers)).status]).toEqual([...route, 401]);
      }
      const [theirs, missing] = await Promise.all(
        [foreign, absent].map((id) => knockAt(world, route, id, { ...BROWSER, "x-request-id": "r" })),
      );
      expect([theirs?.status, await theirs?.text()]).toEqual([404, await missing?.text()]);
      expect(world.askedOf("object")).toEqual([]);
      expect(world.chats.size).toBe(1);
    }
  });

  it("[HT133] who know the name that somebody's client has made up come to a chat of their own", async () => {
    const world = start();
    await world.ask(BODY);
    const [alices] = [...world.chats.keys()];
    const mallory = { cookie: "who=mallory", origin: OWN_ORIGIN };
    expect((await world.knock("GET", `/${BODY.id}/stream`, undefined, mallory)).status).toBe(204);
    const answer = await world.ask(BODY, mallory);
    expect(answer.headers.get("x-breakwater-session")).not.toBe(alices);
    expect([...world.chats.values()].map(({ userId }) => userId)).toEqual([ALICE.userId, MALLORY.userId]);
  });

  it("[AU18] from a page of another site ask nothing and stop nothing with a visitor's cookie", async () => {
    for (const route of ROUTES.filter(([method]) => method === "POST")) {
      for (const origin of [undefined, "https://evil.example", "null", `${OWN_ORIGIN}.evil.example`]) {
        const world = start();
        const id = addChat(world);
        const headers = { cookie: "who=alice", ...(origin === undefined ? {} : { origin }) };
        expect([...route, origin, (await knockAt(world, route, id, headers)).status]).toEqual([
          ...route,
          origin,
          403,
        ]);
        expect(world.askedOf("object")).toEqual([]);
      }
      const world = start();
      const id = addChat(world);
      const listed = await knockAt(world, route, id, { cookie: "who=alice", origin: LISTED_ORIGIN });
      expect([listed.status, listed.headers.get("access-control-expose-headers")]).toEqual([
        200,
        expect.stringContaining("x-breakwater-session"),
      ]);
    }
  });

  it("[HT133] find no way out of an address", async () => {
    const wrong = ["..%2f..", "%00", "a%0Ab", "x".repeat(201), "%ff", "%"];
    const world = start();
    for (const path of wrong) {
      expect([path, [204, 404].includes((await world.knock("GET", `/${path}/stream`)).status)]).toEqual([
        path,
        true,
      ]);
      expect([path, (await world.knock("POST", `/${path}/stop`)).status]).toEqual([path, 404]);
    }
    expect((await world.knock("GET", "/a\u0000/stream")).status).toBe(404);
    expect(world.askedOf("object")).toEqual([]);
    expect(world.linesOf("internal_error")).toEqual([]);
  });
});
