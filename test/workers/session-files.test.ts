/** Exports, attached files, stopping and searching, from the Worker's door to R2 and the object's rows. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  MAX_ATTACHMENT_BYTES,
  SessionAttachment,
  SessionExport,
  SessionMessages,
  SessionSearchResult,
} from "../../src/protocol/session-api.ts";
import { HTML, MISNAMED, PNG, TAKEN, toUtf8 } from "../fixtures/tiny-files.ts";
import { fillChat, toId } from "./long-chat.ts";
import { breakProvider, healSandbox, readJournal } from "./sandbox-control.ts";
import { createVisitor, ORIGIN, Visitor, type Chat } from "./sandbox-people.ts";

const OPENAI = { model: "openai/gpt-6-luna" };

let ada: Visitor;
let eve: Visitor;
beforeAll(async () => {
  [ada, eve] = await Promise.all([createVisitor(), createVisitor()]);
});
beforeEach(healSandbox);

interface Upload {
  readonly by?: Visitor;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function attach(
  chat: Chat,
  type: string,
  body: Uint8Array | ReadableStream<Uint8Array>,
  { by = chat.owner, query = "", headers = {} }: Upload = {},
): Promise<Response> {
  return exports.default.fetch(
    new Request(`${ORIGIN}${chat.path}/attachments${query}`, {
      method: "POST",
      body,
      headers: { origin: ORIGIN, "content-type": type, ...by.credentials, ...headers },
    }),
  );
}

async function attachOne(
  chat: Chat,
  type: string,
  bytes: Uint8Array,
  query = "",
): Promise<SessionAttachment> {
  const answer = await attach(chat, type, bytes, { query });
  if (answer.status !== 201) throw new Error(`not attached: ${answer.status} ${await answer.text()}`);
  return SessionAttachment.parse(await answer.json());
}

async function listKeys(chat: Chat): Promise<string[]> {
  const { objects } = await env.FILES.list({ prefix: `attachments/${chat.id}/` });
  return objects.map(({ key }) => key);
}

const countFiles = (chat: Chat): Promise<number> =>
  runInDurableObject(chat.stub(), (_, { storage }) =>
    Number(storage.sql.exec("select count(*) as n from attachment").one()["n"]),
  );

async function drain(answer: Response): Promise<number> {
  await answer.arrayBuffer();
  return answer.status;
}

describe("exports", () => {
  const exportJson = async (chat: Chat): Promise<SessionExport> =>
    SessionExport.parse(await (await ada.call("GET", `${chat.path}/export`)).json());
  const exportMarkdown = async (chat: Chat): Promise<string> =>
    (await ada.call("GET", `${chat.path}/export?format=markdown`)).text();

  it("[HT61] as JSON have every branch, as Markdown the one that is shown", async () => {
    const chat = await ada.createChat("A \"title\" – 'ü'");
    const socket = await chat.openLive();
    socket.ask("r1", "Please reply with one", { id: "q1" });
    await socket.waitForEnd("r1");
    socket.ask("r2", "Please reply with two", { id: "q1", messageId: "q1" });
    await socket.waitForEnd("r2");
    const json = await exportJson(chat);
    const shown = await chat.readMessages();
    expect(json).toMatchObject({
      version: 1,
      id: chat.id,
      title: "A \"title\" – 'ü'",
      leafMessageId: shown.at(-1)?.id,
    });
    expect(json.messages).toHaveLength(4);
    expect(json.messages.slice(2)).toEqual(shown);
    expect(json.messages.map(({ parentId }) => parentId).filter((id) => id === null)).toHaveLength(2);
    const markdown = await exportMarkdown(chat);
    expect(markdown).toContain("# A \"title\" – 'ü'\n");
    expect(markdown).toMatch(/## Question\n\nPlease reply with two\n\n## Answer \(.+\)\n\ntwo\n$/);
    expect(markdown).not.toContain("reply with one");
  });

  it("[HT61] of a chat without a message are whole files", async () => {
    const chat = await ada.createChat("Empty");
    expect(await exportJson(chat)).toMatchObject({ title: "Empty", leafMessageId: null, messages: [] });
    expect(await exportMarkdown(chat)).toMatch(/^# Empty\n\nExported 20/);
  });

  it("[HT61] of 2,000 long messages are whole, and come in pieces", async () => {
    const chat = await ada.createChat("Long");
    await fillChat(chat, 2_000, 500);
    const answer = await ada.call("GET", `${chat.path}/export`);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${chat.id}.json"`);
    expect(answer.headers.has("content-length")).toBe(false);
    const decoder = new TextDecoder();
    const pieces: string[] = [];
    const body: ReadableStream<Uint8Array> | null = answer.body;
    if (body !== null) for await (const piece of body) pieces.push(decoder.decode(piece, { stream: true }));
    expect(pieces.length).toBeGreaterThan(3);
    const { messages, leafMessageId } = SessionExport.parse(JSON.parse(pieces.join("")));
    expect(leafMessageId).toBe(toId(2_000));
    expect(messages.map(({ id }) => id)).toEqual(
      Array.from({ length: 2_000 }, (_, index) => toId(index + 1)),
    );
    const markdown = await exportMarkdown(chat);
    expect(markdown.match(/^## Question$/gm)).toHaveLength(1_000);
    expect(markdown.match(/^## Answer \(openai\/gpt-6-luna\)$/gm)).toHaveLength(1_000);
  });

  it("[HT61] that nobody reads to the end leave the chat as it was", async () => {
    const chat = await ada.createChat("Long");
    await fillChat(chat, 2_000, 500);
    const answer = await ada.call("GET", `${chat.path}/export`);
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect(await drain(await ada.call("HEAD", `${chat.path}/export`))).toBe(200);
    expect((await exportJson(chat)).messages).toHaveLength(2_000);
  });

  it("[HT16] are their owner's alone", async () => {
    const chat = await ada.createChat();
    expect(await drain(await eve.call("GET", `${chat.path}/export`))).toBe(404);
    expect(await drain(await new Visitor({}).call("GET", `${chat.path}/export`))).toBe(401);
  });
});

describe("messages", () => {
  it("[HT68] of a long chat come in pages, each once and in order", async () => {
    const chat = await ada.createChat();
    await fillChat(chat, 2_000);
    const ids: string[] = [];
    const sizes: number[] = [];
    let query = "";
    for (;;) {
      const answer = await ada.call("GET", `${chat.path}/messages${query}`);
      const page = SessionMessages.parse(await answer.json());
      sizes.push(page.messages.length);
      ids.unshift(...page.messages.map(({ id }) => id));
      if (!page.hasOlder) break;
      query = `?limit=700&before=${ids[0]}`;
    }
    expect(sizes).toEqual([1_000, 700, 300]);
    expect(ids).toEqual(Array.from({ length: 2_000 }, (_, index) => toId(index + 1)));
    expect(await drain(await ada.call("GET", `${chat.path}/messages?limit=1001`))).toBe(400);
    const unknown = await ada.call("GET", `${chat.path}/messages?before=nowhere`);
    expect(await unknown.json()).toEqual({ messages: [], hasOlder: false });
  });

  it("[HT69] are found in every branch, newest first, by their owner alone", async () => {
    const chat = await ada.createChat();
    await fillChat(chat, 50);
    const find = async (query: string): Promise<SessionSearchResult> =>
      SessionSearchResult.parse(await (await ada.call("GET", `${chat.path}/search?${query}`)).json());
    const { hits } = await find("query=ANSWER&limit=3");
    expect(hits.map(({ messageId, role }) => [messageId, role])).toEqual([
      [toId(50), "assistant"],
      [toId(48), "assistant"],
      [toId(46), "assistant"],
    ]);
    expect((await find("query=%25")).hits).toEqual([]);
    expect((await find("query=question")).hits).toHaveLength(20);
    expect(await drain(await eve.call("GET", `${chat.path}/search?query=answer`))).toBe(404);
  });

  it("[HT64] that are being written are stopped, and those that wait are taken back", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    const stop = async (by = ada): Promise<unknown> => (await by.call("POST", `${chat.path}/stop`)).json();
    expect(await stop()).toEqual({ stopped: false });
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await socket.waitForText("r1", 10);
    socket.ask("r2", "Please reply with two", { body: OPENAI });
    await socket.waitFor((frame) => frame.type === "message-added" && frame.message.id === "user-r2");
    expect(await drain(await eve.call("POST", `${chat.path}/stop`))).toBe(404);
    expect(await stop()).toEqual({ stopped: true });
    expect((await socket.waitForEnd("r1")).at(-1)).toMatchObject({ type: "abort" });
    await socket.waitFor((frame) => frame.type === "end" && frame.requestId === "r2");
    expect(await stop()).toEqual({ stopped: false });
    expect(await readJournal("openai")).toHaveLength(1);
  });
});

describe("attached files", () => {
  it("[HT62] [HT63] of each kind are kept in R2 and come back to their owner, harmless", async () => {
    const chat = await ada.createChat();
    for (const [type, bytes] of TAKEN) {
      const file = await attachOne(chat, type, bytes, "?name=a.file");
      expect(file).toMatchObject({ name: "a.file", mediaType: type, bytes: bytes.byteLength });
      const stored = await env.FILES.get(`attachments/${chat.id}/${file.id}`);
      expect(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(bytes);
      const answer = await ada.call("GET", file.url);
      const shown = type.startsWith("image/") ? type : "text/plain; charset=utf-8";
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "content-type": shown,
        "content-length": String(bytes.byteLength),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
      });
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    }
    expect(await listKeys(chat)).toHaveLength(TAKEN.length);
  });

  it("[HT62] that are not what they say, too large, empty or of another kind leave nothing", async () => {
    const chat = await ada.createChat();
    for (const [type, bytes] of MISNAMED) {
      expect([type, await drain(await attach(chat, type, bytes))]).toEqual([type, 400]);
    }
    expect(await drain(await attach(chat, "text/plain", new Uint8Array()))).toBe(400);
    expect(await drain(await attach(chat, "image/svg+xml", HTML))).toBe(415);
    const tooLarge = new Uint8Array(MAX_ATTACHMENT_BYTES + 1).fill(97);
    const headers = { "content-length": String(tooLarge.byteLength) };
    expect(await drain(await attach(chat, "text/plain", tooLarge, { headers }))).toBe(413);
    expect(await drain(await attach(chat, "text/plain", toStream(tooLarge)))).toBe(413);
    expect(await listKeys(chat)).toEqual([]);
    expect(await countFiles(chat)).toBe(0);
    expect((await attachOne(chat, "text/plain", tooLarge.subarray(1))).bytes).toBe(MAX_ATTACHMENT_BYTES);
  });

  it("[HT62] are 500 in a chat; of one more no byte is kept", async () => {
    const chat = await ada.createChat();
    await runInDurableObject(chat.stub(), (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 498)
         INSERT INTO attachment (attachment_id, name, media_type, bytes, created_at_ms)
         SELECT 'file_' || i, 'a', 'text/plain', 1, 1 FROM n`,
      );
    });
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => drain(await attach(chat, "image/png", PNG))),
    );
    expect(answers.toSorted((one, other) => one - other)).toEqual([201, 201, 409, 409, 409, 409]);
    expect(await listKeys(chat)).toHaveLength(2);
    expect(await countFiles(chat)).toBe(500);
  });

  it("[HT63] keep their name, whatever stands in it, and put nothing into the answer with it", async () => {
    const chat = await ada.createChat();
    const file = await attachOne(
      chat,
      "image/png",
      PNG,
      `?name=${encodeURIComponent('"é🚢"\r\nset-cookie: a=b;.png')}`,
    );
    expect(file.name).toBe('"é🚢" set-cookie: a=b;.png');
    const answer = await ada.call("GET", file.url);
    expect(answer.headers.get("content-disposition")).toBe(
      "inline; filename*=UTF-8''%22%C3%A9%F0%9F%9A%A2%22%20set-cookie%3A%20a%3Db%3B.png",
    );
    expect(answer.headers.has("set-cookie")).toBe(false);
    await drain(answer);
  });

  it("[HT63] are nobody else's, under no address", async () => {
    const [chat, other] = await Promise.all([ada.createChat(), eve.createChat()]);
    const file = await attachOne(chat, "text/html", HTML);
    expect(await drain(await eve.call("GET", file.url))).toBe(404);
    expect(await drain(await new Visitor({}).call("GET", file.url))).toBe(401);
    expect(await drain(await attach(chat, "image/png", PNG, { by: eve }))).toBe(404);
    const wrong = [
      `${other.path}/attachments/${file.id}`,
      `${other.path}/attachments/..%2f..%2f${chat.id}%2f${file.id}`,
      `${other.path}/attachments/%2e%2e%2f%2e%2e%2f${chat.id}%2f${file.id}`,
      `${other.path}/attachments/..`,
    ];
    for (const path of wrong) {
      const status = await drain(await eve.call("GET", path));
      expect([path, [404, 405].includes(status)]).toEqual([path, true]);
    }
    expect(await listKeys(chat)).toHaveLength(1);
  });

  it("[HT18] go from R2 with their chat", async () => {
    const [chat, other] = await Promise.all([ada.createChat(), ada.createChat()]);
    const file = await attachOne(chat, "image/png", PNG);
    await Promise.all([
      attachOne(chat, "text/plain", toUtf8("a")),
      attachOne(chat, "text/plain", toUtf8("b")),
    ]);
    await attachOne(other, "image/png", PNG);
    expect(await listKeys(chat)).toHaveLength(3);
    expect(await drain(await ada.call("DELETE", chat.path))).toBe(204);
    expect(await listKeys(chat)).toEqual([]);
    expect(await drain(await ada.call("GET", file.url))).toBe(404);
    expect(await drain(await attach(chat, "image/png", PNG))).toBe(404);
    expect(await listKeys(other)).toHaveLength(1);
  });

  it("[SE221] whose note a crash took go from R2 with their chat", async () => {
    const [chat, other] = await Promise.all([ada.createChat(), ada.createChat()]);
    await attachOne(chat, "image/png", PNG);
    await attachOne(other, "image/png", PNG);
    await env.FILES.put(`attachments/${chat.id}/file_lost`, PNG);
    expect(await drain(await ada.call("DELETE", chat.path))).toBe(204);
    expect(await listKeys(chat)).toEqual([]);
    expect(await listKeys(other)).toHaveLength(1);
  });

  it("[HT62] for a chat that is deleted meanwhile leave no byte", async () => {
    const chat = await ada.createChat();
    let send: (bytes: Uint8Array) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(toUtf8("first "));
        send = (bytes) => {
          controller.enqueue(bytes);
          controller.close();
        };
      },
    });
    const answer = attach(chat, "text/plain", body);
    // The upload has found its chat by now, or will not find it: both must leave nothing.
    await drain(await ada.call("GET", chat.path));
    expect(await drain(await ada.call("DELETE", chat.path))).toBe(204);
    send(toUtf8("second"));
    expect(await drain(await answer)).toBe(404);
    expect(await listKeys(chat)).toEqual([]);
    expect(await countFiles(chat)).toBe(0);
  });
});

function toStream(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      controller.enqueue(bytes.slice(at, at + 65_536));
      at += 65_536;
      if (at >= bytes.byteLength) controller.close();
    },
  });
}
