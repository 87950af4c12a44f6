/** What a chat tells models and what it makes of itself: summaries, titles, files, exports, links. Real workerd. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { SelectionList } from "../../src/protocol/selection.ts";
import {
  MAX_ATTACHMENT_BYTES,
  SessionAttachment,
  SessionExport,
  SessionShare,
  SessionShareState,
  SharedChat,
} from "../../src/protocol/session-api.ts";
import type { AnswerInput } from "../../src/routing/run-answer.ts";
import { PNG } from "../fixtures/tiny-files.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, ORIGIN, textOf, Visitor, type Chat } from "./sandbox-people.ts";
import { runSql, textIn } from "./sandbox-rows.ts";
import { changeSettings, closeCircuits, readWiring } from "./sandbox-settings.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };
const UPKEEP = "google/gemini-3.5-flash-lite";

// Some wait for the queue, some for an object that comes back; a busy machine takes its time for both.
vi.setConfig({ testTimeout: 20_000 });

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** What models are asked from now on, each as the routing gets it. */
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

async function ask(socket: SocketClient, id: string, text: string): Promise<void> {
  socket.ask(id, text, { body: DEEPSEEK });
  await socket.waitForEnd(id);
}

const promptOf = (input: AnswerInput | undefined): string => JSON.stringify(input?.call.prompt ?? []);

describe("a title", () => {
  it("[SE87] is given by the cheap model after the first whole answer, and its call is a selection on record", async () => {
    await changeSettings(ada, { upkeepModel: UPKEEP });
    const chat = await ada.createChat();
    const live = await chat.openLive();
    await ask(live, "r1", "Why is the sea salty, and since when?");
    const [row] = await waitUntil(
      () => runSql(chat, "select title, title_source from session"),
      ([session]) => session?.["title_source"] === "model",
    );
    const title = textIn(row, "title");
    expect(title.length).toBeGreaterThan(3);
    await live.waitFor((frame) => frame.type === "session-changed" && frame.title === title);
    expect(await readJournal("google")).toHaveLength(1);
    const readSelections = async () => {
      const answer = await ada.call("GET", "/api/v1/selections?limit=200");
      return SelectionList.parse(await answer.json()).selections.filter(
        ({ sessionId }) => sessionId === chat.id,
      );
    };
    const records = await waitUntil(readSelections, (found) => found.length === 2);
    expect(new Map(records.map(({ turnId, provider }) => [turnId === null, provider]))).toEqual(
      new Map([
        [false, "deepseek"],
        [true, "google"],
      ]),
    );
    await waitUntil(
      async () => (await ada.call("GET", chat.path)).text(),
      (text) => text.includes(JSON.stringify(title)),
    );
    // Once is enough, also for a later life of the object.
    await evictDurableObject(chat.stub());
    await ask(live, "r2", "Please reply with two");
    expect(await readJournal("google")).toHaveLength(1);
  });

  it("[SE87] [SE31] is not asked for when a person has named the chat, before or meanwhile", async () => {
    await changeSettings(ada, { upkeepModel: UPKEEP });
    const named = await ada.createChat("Weather");
    await ask(await named.open(), "r1", "Please reply with one");
    const chat = await ada.createChat();
    await breakProvider("google", { fault: "slow" });
    const live = await chat.openLive();
    await ask(live, "r1", "Please reply with one");
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.length === 1,
    );
    await ada.call("PATCH", chat.path, { title: "Mine" });
    await waitUntil(
      () => readJournal("google"),
      ([entry]) => entry?.outcome === "complete",
      20_000,
    );
    await waitUntil(
      () => runSql(chat, "select id from outbox"),
      (rows) => rows.length === 0,
    );
    expect((await chat.openLive()).of("hello")[0]?.title).toBe("Mine");
    expect(await readJournal("google")).toHaveLength(1);
  }, 30_000);

  it("[SE87] comes behind the first answer also while another question waits or is being answered", async () => {
    await changeSettings(ada, { upkeepModel: UPKEEP });
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const chat = await ada.createChat();
    const live = await chat.openLive();
    live.ask("r1", "Please reply with one", { body: DEEPSEEK });
    live.ask("r2", "[[words:40]]", { body: { model: "openai/gpt-6-luna" } });
    await live.waitForEnd("r1");
    await waitUntil(
      () => runSql(chat, "select title_source from session"),
      ([session]) => session?.["title_source"] === "model",
    );
    live.send({ type: "stop" });
    expect((await live.waitForEnd("r2")).at(-1)).toEqual({ type: "abort" });
  });

  it("[SE87] that cannot be had leaves the first line, and harms no answer", async () => {
    onTestFinished(() => closeCircuits(ada));
    await changeSettings(ada, { upkeepModel: UPKEEP });
    await breakProvider("google", { fault: "bad-request" });
    const chat = await ada.createChat();
    const live = await chat.openLive();
    await ask(live, "r1", "Please reply with one");
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.length === 1,
    );
    expect((await chat.openLive()).of("hello")[0]?.title).toBe("Please reply with one");
    expect((await chat.readMessages())[1]?.metadata?.status).toBe("complete");
  });
});

describe("a chat that outgrows its budget", () => {
  it("[SE77] [SE78] is summarised behind the turn; models and readers are told the summary, the question always", async () => {
    await changeSettings(ada, { upkeepModel: UPKEEP, contextTokens: 2_000 });
    const calls = await watchCalls();
    const chat = await ada.createChat("Long");
    const live = await chat.openLive();
    for (let turn = 1; turn <= 4; turn += 1) await ask(live, `r${turn}`, `Question ${turn}: [[words:400]]`);
    const summary = await live.waitFor((frame) => frame.type === "summary-changed");
    const told = summary.type === "summary-changed" ? summary.summary : null;
    expect(told?.text.length).toBeGreaterThan(10);
    await ask(live, "r5", "Question 5: Please say more");
    const turns = calls.filter(({ turnId }) => turnId !== null);
    const last = promptOf(turns.at(-1));
    expect(last).toContain("Summary of the earlier part");
    const messages = JSON.stringify(turns.at(-1)?.call.prompt.filter(({ role }) => role !== "system"));
    expect(messages).not.toContain("Question 1");
    expect(messages).toContain("Question 5");
    expect(last.length).toBeLessThan(2_000 * 8);
    // It is kept, told to who comes later, and not made again for what it stands for.
    await evictDurableObject(chat.stub());
    const [hello] = (await chat.openLive()).of("hello");
    expect(hello?.summary?.text.length).toBeGreaterThan(10);
    expect(calls.filter(({ turnId }) => turnId === null).length).toBeLessThanOrEqual(3);
  }, 20_000);

  it("[SE78] without a summary what does not fit is left out, and the model is told so", async () => {
    await changeSettings(ada, { contextTokens: 1_500 });
    const calls = await watchCalls();
    const chat = await ada.createChat("Long");
    const live = await chat.openLive();
    for (let turn = 1; turn <= 4; turn += 1) await ask(live, `r${turn}`, `Question ${turn}: [[words:400]]`);
    const last = calls.at(-1);
    expect(promptOf(last)).toContain("left out");
    expect(promptOf(last)).not.toContain("Question 1");
    expect(last?.call.prompt[1]?.role).toBe("user");
    await ask(live, "r5", `Question 5: ${"Please count this. ".repeat(2_000)} Please reply with five`);
    expect(promptOf(calls.at(-1))).toContain("Question 5");
    expect(calls.at(-1)?.call.prompt.map(({ role }) => role)).toEqual(["system", "user"]);
  }, 20_000);
});

function attach(chat: Chat, bytes: Uint8Array, type: string, owner = ada): Promise<Response> {
  const headers = { origin: ORIGIN, "content-type": type, ...owner.credentials };
  return owner.fetch(
    new Request(`${ORIGIN}${chat.path}/attachments?name=a.file`, { method: "POST", headers, body: bytes }),
  );
}

describe("files", () => {
  const sendFiles = (
    socket: SocketClient,
    requestId: string,
    text: string,
    ...files: readonly object[]
  ): void =>
    socket.send({
      type: "send",
      requestId,
      id: "chat",
      trigger: "submit-message",
      messages: [{ id: `q-${requestId}`, role: "user", parts: [...files, { type: "text", text }] }],
      body: DEEPSEEK,
    });

  it("[SE83] [SE84] a picture and a text are attached, told to the model, and gone with the chat", async () => {
    const calls = await watchCalls();
    const chat = await ada.createChat();
    const picture = SessionAttachment.parse(await (await attach(chat, PNG, "image/png")).json());
    const note = SessionAttachment.parse(
      await (await attach(chat, new TextEncoder().encode("salt,3"), "text/csv")).json(),
    );
    const socket = await chat.open();
    const toPart = ({ url, mediaType, name }: SessionAttachment) => ({
      type: "file",
      url,
      mediaType,
      filename: name,
    });
    sendFiles(socket, "r1", "Please reply with one", toPart(picture), toPart(note));
    await socket.waitForEnd("r1");
    const [question] = await chat.readMessages();
    expect(question?.parts).toEqual([
      { type: "text", text: "Please reply with one" },
      toPart(picture),
      toPart(note),
    ]);
    const [message] = calls[0]?.call.prompt ?? [];
    expect(message?.content).toEqual([
      { type: "file", mediaType: "image/png", filename: "a.file", data: { type: "data", data: PNG } },
      { type: "text", text: '<file name="a.file">\nsalt,3\n</file>' },
      { type: "text", text: "Please reply with one" },
    ]);
    const read = await ada.call("GET", picture.url);
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(PNG);
    expect((await (await createVisitor()).call("GET", picture.url)).status).toBe(404);
    expect((await ada.call("DELETE", chat.path)).status).toBe(204);
    expect(await listFiles(chat)).toEqual([]);
  });

  it("[SE130] [SE131] a long text is told whole with its question, and as its beginning with later ones", async () => {
    await changeSettings(ada, { contextTokens: 2_000 });
    const calls = await watchCalls();
    const chat = await ada.createChat();
    const bytes = new TextEncoder().encode("first words, ".repeat(4_000) + "the last word");
    const { url } = SessionAttachment.parse(await (await attach(chat, bytes, "text/plain")).json());
    const socket = await chat.open();
    sendFiles(socket, "r1", "Please reply with one", { type: "file", url, mediaType: "text/plain" });
    await socket.waitForEnd("r1");
    expect(promptOf(calls[0])).toContain("the last word");
    await ask(socket, "r2", "Please reply with two");
    const later = promptOf(calls[1]);
    expect(later).toContain("first words, first words");
    expect(later).toContain("The rest of the file file is left out");
    expect(later.length).toBeLessThan(2_000 * 5);
  });

  it.each([
    ["a program", new TextEncoder().encode("<svg/>"), "image/svg+xml", 415],
    ["a picture that is none", new TextEncoder().encode("<script>"), "image/png", 400],
    ["a text that is none", Uint8Array.from([0, 1, 2]), "text/plain", 400],
    ["nothing", new Uint8Array(), "text/plain", 400],
    ["more than five megabytes", new Uint8Array(MAX_ATTACHMENT_BYTES + 1).fill(65), "text/plain", 413],
  ])("[SE83] %s is refused in words, and nothing is kept", async (_, bytes, type, status) => {
    const chat = await ada.createChat();
    const answer = await attach(chat, bytes, type);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(/"detail":"[A-Z].*\."/);
    expect([await listFiles(chat), await runSql(chat, "select * from attachment")]).toEqual([[], []]);
  });

  it("[SE83] the address of a file of another chat is refused, and so is a sixth file", async () => {
    const [chat, other] = [await ada.createChat(), await ada.createChat()];
    const foreign = SessionAttachment.parse(await (await attach(other, PNG, "image/png")).json());
    const own = SessionAttachment.parse(await (await attach(chat, PNG, "image/png")).json());
    const socket = await chat.open();
    sendFiles(socket, "r1", "Look", { type: "file", url: foreign.url, mediaType: "image/png" });
    const six = Array.from({ length: 6 }, () => ({ type: "file", url: own.url, mediaType: "image/png" }));
    sendFiles(socket, "r2", "Look", ...six);
    await socket.waitFor((frame) => frame.type === "error" && frame.requestId === "r2");
    expect(socket.of("error").map(({ errorText }) => errorText)).toEqual([
      expect.stringContaining("not attached to this chat"),
      expect.stringContaining("At most 5"),
    ]);
    expect(await chat.readMessages()).toEqual([]);
    const eve = await createVisitor();
    expect((await attach(chat, PNG, "image/png", eve)).status).toBe(404);
  });

  async function listFiles(chat: Chat): Promise<string[]> {
    const { objects } = await env.FILES.list({ prefix: `attachments/${chat.id}/` });
    return objects.map(({ key }) => key);
  }
});

describe("copies", () => {
  async function openBranched(): Promise<Chat> {
    const chat = await ada.createChat("Numbers");
    const socket = await chat.open();
    await ask(socket, "r1", "Please reply with one");
    socket.ask("r2", "Please reply with two", { messageId: "user-r1", body: DEEPSEEK });
    await socket.waitForEnd("r2");
    return chat;
  }

  it("[SE85] as JSON holds every message of every branch, as Markdown the path that is shown", async () => {
    const chat = await openBranched();
    const json = await ada.call("GET", `${chat.path}/export`);
    expect(json.headers.get("content-disposition")).toContain("attachment");
    const copy = SessionExport.parse(await json.json());
    expect(copy.messages.map(({ parts }) => textOf(parts))).toEqual([
      "Please reply with one",
      "one",
      "Please reply with two",
      "two",
    ]);
    expect(copy.leafMessageId).toBe(copy.messages[3]?.id);
    const markdown = await (await ada.call("GET", `${chat.path}/export?format=markdown`)).text();
    expect(markdown).toContain("## Answer (deepseek/deepseek-v4-flash)\n\ntwo");
    expect(markdown).not.toContain("reply with one");
    expect((await (await createVisitor()).call("GET", `${chat.path}/export`)).status).toBe(404);
  });

  it("[SE85] of a chat of thousands of messages comes whole", async () => {
    const chat = await ada.createChat();
    await runInDurableObject(chat.stub(), (_, { storage }) => {
      for (let index = 0; index < 3_000; index += 1) {
        storage.sql.exec(
          "insert into message (message_id, parent_id, role, parts, created_at_ms) values (?, ?, ?, ?, ?)",
          ...[`m${index}`, index === 0 ? null : `m${index - 1}`, index % 2 === 0 ? "user" : "assistant"],
          ...[JSON.stringify([{ type: "text", text: `${index} ${"x".repeat(500)}` }]), index],
        );
      }
      storage.sql.exec("update session set leaf_message_id = 'm2999'");
    });
    await evictDurableObject(chat.stub());
    const copy = SessionExport.parse(await (await ada.call("GET", `${chat.path}/export`)).json());
    expect(copy.messages).toHaveLength(3_000);
    const markdown = await (await ada.call("GET", `${chat.path}/export?format=markdown`)).text();
    expect(markdown.match(/^## /gm)).toHaveLength(3_000);
  }, 20_000);

  it("[SE86] a link shows the path to anybody; a new one takes its place, a revoked one shows nothing", async () => {
    const chat = await openBranched();
    const nobody = new Visitor({});
    const open = async (token: string) => nobody.call("GET", `/api/v1/shared/${token}`);
    const share = async () => SessionShare.parse(await (await ada.call("POST", `${chat.path}/share`)).json());
    const [first, second] = [await share(), await share()];
    expect((await open(first.token)).status).toBe(404);
    const shown = SharedChat.parse(await (await open(second.token)).json());
    expect(shown.messages.map(({ parts }) => textOf(parts))).toEqual(["Please reply with two", "two"]);
    expect(shown.messages[1]?.metadata).toMatchObject({ costMicroUsd: null, reasons: [], selectionId: "" });
    // Only a hash is kept.
    const rows = JSON.stringify(await runSql(chat, "select * from share"));
    expect(rows).not.toContain(second.token.split(".")[1]);
    expect(await runSql(chat, "select id from share")).toHaveLength(1);
    const state = SessionShareState.parse(await (await ada.call("GET", `${chat.path}/share`)).json());
    expect(state.isShared).toBe(true);
    expect((await (await createVisitor()).call("POST", `${chat.path}/share`)).status).toBe(404);
    expect((await ada.call("DELETE", `${chat.path}/share`)).status).toBe(204);
    expect((await open(second.token)).status).toBe(404);
    for (const guess of ["x", `${chat.id}.${"0".repeat(64)}`, `chat_nowhere.${"0".repeat(64)}`]) {
      expect((await open(guess)).status).toBe(404);
    }
  });

  it("[SE86] a link shows nothing of other branches, whatever message it asks above of", async () => {
    const chat = await openBranched();
    const { token } = SessionShare.parse(await (await ada.call("POST", `${chat.path}/share`)).json());
    const [hidden] = await runSql(chat, "select message_id as id from message where parent_id = 'user-r1'");
    const answer = await new Visitor({}).call(
      "GET",
      `/api/v1/shared/${token}?before=${textIn(hidden, "id")}`,
    );
    expect(await answer.text()).not.toContain("reply with one");
  });
});
