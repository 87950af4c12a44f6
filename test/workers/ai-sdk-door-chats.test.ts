/** Which chat a client means at `/api/chat`, what is asked twice, and what a chat does not allow. In workerd. */
import { env } from "cloudflare:workers";
import { parseJsonEventStream, uiMessageChunkSchema, type UIMessageChunk } from "ai";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { chat as chatTable } from "../../schema/d1/chat.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import { newSessionId } from "../../src/base/id.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { SessionList } from "../../src/protocol/session-api.ts";
import { systemIdSource } from "../../src/system.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { Chat, createVisitor, type Visitor } from "./sandbox-people.ts";

vi.setConfig({ testTimeout: 20_000 });

type Owner = Awaited<ReturnType<typeof createVisitor>>;
let ada: Owner;
let bob: Owner;
beforeAll(async () => {
  [ada, bob] = await Promise.all([createVisitor(), createVisitor()]);
});
beforeEach(healSandbox);

const toQuestion = (id: string, text: string, more: object = {}) => ({
  id,
  messages: [{ id: `user-${text}`, role: "user", parts: [{ type: "text", text }] }],
  trigger: "submit-message",
  model: "openai/gpt-6-luna",
  ...more,
});
const ask = (visitor: Visitor, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  visitor.call("POST", "/api/chat", body, headers);
const follow = (visitor: Visitor, id: string): Promise<Response> =>
  visitor.call("GET", `/api/chat/${encodeURIComponent(id)}/stream`);
const newName = (): string => crypto.randomUUID().slice(0, 16);

const chatOf = (answer: Response, owner: Visitor = ada): Chat =>
  new Chat(owner, answer.headers.get("x-breakwater-session") ?? "");

async function readChunks(answer: Response): Promise<UIMessageChunk[]> {
  if (answer.body === null) throw new Error(`no stream: ${answer.status}`);
  const chunks: UIMessageChunk[] = [];
  for await (const event of parseJsonEventStream({ stream: answer.body, schema: uiMessageChunkSchema })) {
    if (!event.success) throw event.error;
    chunks.push(event.value);
  }
  return chunks;
}

async function listChats(visitor: Visitor): Promise<string[]> {
  const answer = await visitor.call("GET", "/api/v1/sessions?limit=100");
  return SessionList.parse(await answer.json()).sessions.map(({ id }) => id);
}

async function problemOf(answer: Response): Promise<[number, string, string | undefined]> {
  const { code, issues } = Problem.parse(await answer.json());
  return [answer.status, code, issues?.[0]?.path];
}

describe("a question that comes twice", () => {
  it("[HT131] has one answer, while it is written and after it", async () => {
    const body = toQuestion(newName(), "[[words:200]]");
    const answers = await Promise.all([ask(ada, body), ask(ada, body)]);
    const [first, second] = await Promise.all(answers.map(readChunks));
    const third = await readChunks(await ask(ada, body));
    expect(first?.[0]).toMatchObject({ type: "start" });
    expect(first?.at(-1)).toMatchObject({ type: "finish" });
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    const [answer] = answers;
    expect(answer === undefined ? [] : await chatOf(answer).readMessages()).toHaveLength(2);
    expect(await readJournal("openai")).toHaveLength(1);
  });

  it("[HT131] [SE269] under its key has one other answer, and one whose stream is not kept is told as it is stored", async () => {
    const name = newName();
    const first = toQuestion(name, "Please reply with one");
    await readChunks(await ask(ada, first));
    const again = { ...first, trigger: "regenerate-message" };
    const headers = { "idempotency-key": "another answer, please" };
    const other = await readChunks(await ask(ada, again, headers));
    expect(await readChunks(await ask(ada, again, headers))).toEqual(other);
    expect(await readJournal("openai")).toHaveLength(2);
    const next = await ask(ada, toQuestion(name, "Please reply with two"));
    await readChunks(next);
    const stored = await readChunks(await ask(ada, first));
    const startOf = (chunks: readonly UIMessageChunk[]) => {
      const start = chunks.find(({ type }) => type === "start");
      return start?.type === "start" ? start.messageId : null;
    };
    expect(startOf(stored)).toBe(startOf(other));
    const words = stored.flatMap((chunk) => (chunk.type === "text-delta" ? [chunk.delta] : []));
    expect(words).toEqual(["one"]);
    expect(stored.at(-1)).toMatchObject({ type: "finish" });
    expect(await readJournal("openai")).toHaveLength(3);
    expect(await chatOf(next).readMessages()).toHaveLength(4);
  });
});

describe("a chat's name", () => {
  it("[HT133] is its caller's own: with somebody else it is another chat", async () => {
    const name = newName();
    const [hers, his] = await Promise.all(
      [ada, bob].map((who) => ask(who, toQuestion(name, "Please reply with one"))),
    );
    if (hers === undefined || his === undefined) throw new Error("two have asked");
    await Promise.all([readChunks(hers), readChunks(his)]);
    const [herChat, hisChat] = [chatOf(hers), chatOf(his, bob)];
    expect(herChat.id).not.toBe(hisChat.id);
    expect(await herChat.readMessages()).toHaveLength(2);
    expect(await listChats(ada)).toContain(herChat.id);
    expect(await listChats(ada)).not.toContain(hisChat.id);
    const title = await ada.call("GET", herChat.path);
    expect(await title.json()).toMatchObject({ id: herChat.id });
  });

  it("[HT133] makes one chat, however many first questions come at once", async () => {
    const name = newName();
    const before = (await listChats(ada)).length;
    const answers = await Promise.all(
      ["a", "b", "c", "d"].map((text) => ask(ada, toQuestion(name, `Please reply with ${text}`))),
    );
    await Promise.all(answers.map(readChunks));
    expect(new Set(answers.map((answer) => chatOf(answer).id)).size).toBe(1);
    expect(await listChats(ada)).toHaveLength(before + 1);
    const [answer] = answers;
    expect(answer === undefined ? [] : await chatOf(answer).readMessages()).toHaveLength(8);
  });

  it("[HT133] may have any printable signs, and is free again when its chat is deleted", async () => {
    const name = `a/b?c=%2F&d #é ${newName()}`;
    const first = await ask(ada, toQuestion(name, "Please reply with one"));
    await readChunks(first);
    expect((await follow(ada, name)).headers.get("x-breakwater-session")).toBe(chatOf(first).id);
    expect((await ada.call("DELETE", chatOf(first).path)).status).toBe(204);
    const gone = await follow(ada, name);
    expect([gone.status, gone.headers.get("x-breakwater-session")]).toEqual([204, null]);
    const second = await ask(ada, toQuestion(name, "Please reply with two"));
    await readChunks(second);
    expect(chatOf(second).id).not.toBe(chatOf(first).id);
    expect(await chatOf(second).readMessages()).toHaveLength(2);
  });

  it("[HT133] of our form is an existing chat of the caller's, or the same 404", async () => {
    const { id } = await bob.createChat();
    for (const name of [id, newSessionId(systemIdSource)]) {
      expect(await problemOf(await ask(ada, toQuestion(name, "Hello")))).toEqual([
        404,
        "not-found",
        undefined,
      ]);
      expect((await follow(ada, name)).status).toBe(404);
      expect((await ada.call("POST", `/api/chat/${name}/stop`)).status).toBe(404);
    }
    expect(await new Chat(bob, id).readMessages()).toEqual([]);
  });
});

describe("what a chat does not allow", () => {
  it("[HT136] is a conflict, and leaves everything as it was", async () => {
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const name = newName();
    const body = toQuestion(name, "[[words:60]]");
    const answer = await ask(ada, body);
    const chat = chatOf(answer);
    const refused = [
      { ...body, trigger: "regenerate-message" },
      toQuestion(name, "See", {
        messages: [
          {
            id: "with-file",
            role: "user",
            parts: [
              { type: "file", mediaType: "image/png", url: "/api/v1/sessions/other/attachments/file_1" },
            ],
          },
        ],
      }),
    ];
    for (const each of refused)
      expect(await problemOf(await ask(ada, each))).toEqual([409, "conflict", undefined]);
    expect(await chat.readMessages()).toHaveLength(2);
    await ada.call("POST", `/api/chat/${name}/stop`);
    expect((await readChunks(answer)).at(-1)).toEqual({ type: "abort" });
  });

  it("[HT136] makes no chat", async () => {
    const before = await listChats(ada);
    const parts = [{ type: "file", mediaType: "image/png", url: "data:image/png;base64,aGVsbG8=" }];
    const cases: [object, number][] = [
      [{ messages: [{ id: "m", role: "user", parts }] }, 400],
      [{ model: "nobody/knows" }, 400],
      [{ trigger: "regenerate-message", messageId: "an answer" }, 404],
      [{ temperature: 1 }, 400],
    ];
    for (const [more, status] of cases) {
      expect([more, (await ask(ada, toQuestion(newName(), "Hello", more))).status]).toEqual([more, status]);
    }
    expect(await listChats(ada)).toEqual(before);
  });
});

describe("limits", () => {
  it("[HT139] the 301st chat within a minute is refused, another caller's is not", async () => {
    const carl = await createVisitor();
    const nowMs = Date.now();
    const rows = Array.from({ length: 300 }, () => ({
      id: newSessionId(systemIdSource),
      userId: carl.userId,
      organizationId: carl.organizationId,
      title: "x",
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    }));
    const database = openDatabase(env.DB);
    for (let at = 0; at < rows.length; at += 10)
      await database.insert(chatTable).values(rows.slice(at, at + 10));
    const refused = await ask(carl, toQuestion(newName(), "Hello"));
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(await problemOf(refused)).toEqual([429, "rate-limited", undefined]);
    expect((await ask(ada, toQuestion(newName(), "Please reply with one"))).status).toBe(200);
  });

  it("[HT139] 200 answers of a chat are read at once; those of a deleted chat end", async () => {
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const name = newName();
    const first = await ask(ada, toQuestion(name, "[[words:60]]"));
    const waiting = ask(ada, toQuestion(name, "Please reply with two"));
    await waitUntil(
      () => chatOf(first).readMessages(),
      (messages) => messages.length === 3,
    );
    const others = await Promise.all(Array.from({ length: 198 }, () => follow(ada, name)));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await problemOf(await follow(ada, name))).toEqual([503, "unavailable", undefined]);
    await ada.call("DELETE", chatOf(first).path);
    for (const answer of [first, ...others])
      expect((await readChunks(answer)).at(-1)).toEqual({ type: "abort" });
    expect((await readChunks(await waiting)).at(-1)).toEqual({
      type: "error",
      errorText: "This chat was deleted.",
    });
  });
});

it("[HT134] an answer is found under its id when it has ended, and not before", async () => {
  await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
  const name = newName();
  const answer = await ask(ada, toQuestion(name, "[[words:60]]"));
  const chat = chatOf(answer);
  const [question, running] = await chat.readMessages();
  expect(await chat.stub().findAnswer(running?.id ?? "")).toBeNull();
  await ada.call("POST", `/api/chat/${name}/stop`);
  await readChunks(answer);
  expect(await chat.stub().findAnswer(running?.id ?? "")).toMatchObject({
    metadata: { status: "cancelled" },
  });
  expect(await chat.stub().findAnswer(question?.id ?? "")).toBeNull();
});
