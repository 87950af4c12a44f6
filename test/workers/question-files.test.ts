/** Files that stand in a question as `data:` addresses, from each door to R2, to the rows and to the provider. */
import { env } from "cloudflare:workers";
import { DefaultChatTransport, type UIMessage } from "ai";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AnswerInput } from "../../src/routing/run-answer.ts";
import { PNG, toDataUrl, toLargePng } from "../fixtures/tiny-files.ts";
import { MemoryChat, textOf } from "../fakes/memory-chat.ts";
import { healSandbox, waitUntil } from "./sandbox-control.ts";
import { Chat, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";
import { runSql } from "./sandbox-rows.ts";
import { readWiring } from "./sandbox-settings.ts";

vi.setConfig({ testTimeout: 60_000 });

const OPENAI = { model: "openai/gpt-6-luna" };
/** As a data: address more than a row may have. */
const LARGE = toLargePng(2_000_000);

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

async function watchCalls(): Promise<AnswerInput[]> {
  const calls: AnswerInput[] = [];
  const wiring = await readWiring(ada);
  const runAnswer = wiring.runAnswer;
  const spy = vi.spyOn(wiring, "runAnswer").mockImplementation((input) => {
    calls.push(input);
    return runAnswer(input);
  });
  onTestFinished(() => spy.mockRestore());
  return calls;
}

async function listKeys(chat: Chat): Promise<string[]> {
  const { objects } = await env.FILES.list({ prefix: `attachments/${chat.id}/` });
  return objects.map(({ key }) => key);
}

const toPart = (bytes: Uint8Array, filename = "a.png") => ({
  type: "file" as const,
  mediaType: "image/png",
  filename,
  url: toDataUrl("image/png", bytes),
});

function toFrame(requestId: string, text: string, bytes: Uint8Array): object {
  const parts = [toPart(bytes), { type: "text", text }];
  const messages = [{ id: `q-${requestId}`, role: "user", parts }];
  return { type: "send", requestId, id: "chat", trigger: "submit-message", messages, body: OPENAI };
}

describe("over HTTP", () => {
  it("[HT330] a picture larger than a row makes its chat, and comes again with each question", async () => {
    const calls = await watchCalls();
    const name = crypto.randomUUID();
    const seen: (string | null)[] = [];
    const transport = new DefaultChatTransport<UIMessage>({
      api: `${ORIGIN}/api/chat`,
      body: OPENAI,
      fetch: async (input, init) => {
        const headers = { ...ada.credentials, origin: ORIGIN, "content-type": "application/json" };
        const answer = await ada.fetch(new Request(input, { ...init, headers }));
        seen.push(answer.headers.get("x-breakwater-session"));
        return answer;
      },
    });
    const client = new MemoryChat({ id: name, transport });
    await client.sendMessage({ text: "Please reply with one", files: [toPart(LARGE)] });
    expect([client.status, client.error, textOf(client.messages[1])]).toEqual(["ready", undefined, "one"]);
    await client.sendMessage({ text: "Please reply with two" });
    await client.regenerate({ messageId: client.messages[1]?.id ?? "" });
    const question = client.messages[0]?.id ?? "";
    await client.sendMessage({
      text: "Please reply with three",
      files: [toPart(LARGE)],
      messageId: question,
    });
    expect([client.status, client.error, textOf(client.messages[1])]).toEqual(["ready", undefined, "three"]);
    const chat = new Chat(ada, seen[0] ?? "");
    expect(await listKeys(chat)).toHaveLength(1);
    const rows = await runSql(chat, "select max(length(parts)) as n from message");
    expect(Number(rows[0]?.["n"])).toBeLessThan(10_000);
    expect(calls).toHaveLength(4);
    for (const { call } of calls) {
      const [message] = call.prompt;
      const [file] = message?.role === "user" ? message.content : [];
      if (file?.type !== "file" || file.data.type !== "data") throw new Error("no picture was told");
      expect(file.data.data).toHaveLength(LARGE.length);
    }
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    expect(await listKeys(chat)).toEqual([]);
  });

  it("[SE240] a kept response takes one larger than a row may be", async () => {
    const content = [
      { type: "input_text", text: "Please reply with one" },
      { type: "input_image", image_url: toDataUrl("image/png", LARGE), detail: "auto" },
    ];
    const body = { ...OPENAI, store: true, input: [{ type: "message", role: "user", content }] };
    const answer = await ada.call("POST", "/v1/responses", body);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"one"')]);
    const chat = new Chat(ada, answer.headers.get("x-breakwater-session") ?? "");
    expect(await listKeys(chat)).toHaveLength(1);
  });
});

describe("over a socket", () => {
  it("[SE240] an abort behind the question stops it, and a further question comes after it", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.send(toFrame("r1", "[[words:60]]", LARGE));
    socket.abort("r1");
    socket.send(toFrame("r2", "Please reply with two", PNG));
    socket.ask("r3", "Please reply with three", { body: OPENAI });
    expect((await socket.waitForEnd("r1")).at(-1)).toEqual({ type: "abort" });
    for (const id of ["r2", "r3"])
      expect((await socket.waitForEnd(id)).at(-1)).toMatchObject({ type: "finish" });
    const asked = (await chat.readMessages()).filter(({ role }) => role === "user");
    expect(asked.map(({ id }) => id)).toEqual(["q-r1", "q-r2", "user-r3"]);
  });

  it("[SE241] a chat that is deleted while they come leaves no byte", async () => {
    const chat = await ada.createChat();
    const socket = await chat.open();
    for (const id of ["r1", "r2", "r3"])
      socket.send(toFrame(id, "[[words:60]]", toLargePng(2_000_000, id.length)));
    await waitUntil(
      () => listKeys(chat),
      (keys) => keys.length > 0,
    );
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    await socket.closed;
    expect(await listKeys(chat)).toEqual([]);
    expect(await runSql(chat, "select * from attachment")).toEqual([]);
  });
});
