/** AI SDK's own chat with its `DefaultChatTransport`, unmodified, against `/api/chat` in workerd. */
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { UI_MESSAGE_STREAM_HEADERS, type UIMessage } from "ai";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AnswerInput } from "../../src/routing/run-answer.ts";
import { MemoryChat, textOf } from "../fakes/memory-chat.ts";
import { HttpTransport } from "./sandbox-ai-sdk.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { Chat, createVisitor, type Visitor } from "./sandbox-people.ts";
import { closeCircuits, readWiring } from "./sandbox-settings.ts";

// Some wait for the queue, some for an object that comes back; a busy machine takes its time for both.
vi.setConfig({ testTimeout: 20_000 });

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

interface Client {
  readonly client: MemoryChat;
  readonly transport: HttpTransport;
  /** As the last answer named it. */
  readonly chat: () => Chat;
}

function openClient(id?: string, messages: UIMessage[] = [], body?: object): Client {
  const transport = new HttpTransport(ada, body);
  const client = new MemoryChat({ transport, ...(id === undefined ? {} : { id }) }, messages);
  return { client, transport, chat: () => new Chat(ada, transport.sessionId) };
}

const idsOf = (client: MemoryChat): string[] => client.messages.map(({ id }) => id);

/** Until the last message of the client has so many characters. */
const waitForText = (client: MemoryChat, characters: number): Promise<number> =>
  waitUntil(
    () => textOf(client.messages.at(-1)).length,
    (length) => client.messages.at(-1)?.role === "assistant" && length >= characters,
  );

/** The prompts that models get from now on. */
async function watchCalls(): Promise<AnswerInput[]> {
  const calls: AnswerInput[] = [];
  const wiring = await readWiring(ada);
  const { runAnswer } = wiring;
  const spy = vi.spyOn(wiring, "runAnswer").mockImplementation((input) => {
    calls.push(input);
    return runAnswer(input);
  });
  onTestFinished(() => spy.mockRestore());
  return calls;
}

/** How many answers the chat's object has open over HTTP. */
const countStreams = (chat: Chat): Promise<number> =>
  runInDurableObject(chat.stub(), (instance) => {
    const streams: unknown = Reflect.get(Reflect.get(instance, "streams"), "streams");
    if (!(streams instanceof Set)) throw new Error("the streams are somewhere else");
    return streams.size;
  });

describe("an unmodified client", () => {
  it("[HT130] [HT133] asks under an id of its own, reads, and holds the very message that is stored", async () => {
    const { client, transport, chat } = openClient();
    await client.sendMessage({ text: "Please reply with fine weather" });
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    expect(transport.sessionId).toMatch(/^chat_/);
    const [question, answer] = await chat().readMessages();
    expect(textOf(client.messages[1])).toBe("fine weather");
    expect(idsOf(client)).toEqual([question?.id, answer?.id]);
    expect(client.messages[1]?.parts).toEqual(answer?.parts);
    expect(client.messages[1]?.metadata).toEqual(answer?.metadata);
    const { headers } = transport.answers[0] ?? new Response();
    for (const name of ["content-type", "x-vercel-ai-ui-message-stream", "x-accel-buffering"] as const) {
      expect(headers.get(name)).toBe(UI_MESSAGE_STREAM_HEADERS[name]);
    }
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-breakwater-provider")).toBe("openai");
    expect(headers.get("x-breakwater-model")).toBe("gpt-6-luna");
    expect(headers.get("x-breakwater-attempts")).toBe("1");
  });

  it("[HT132] asks on with the chat's own history, whatever its copy says", async () => {
    const calls = await watchCalls();
    const { client, chat } = openClient();
    await client.sendMessage({ text: "Please reply with the first word" });
    client.messages = client.messages.map((message) => ({
      ...message,
      parts: [{ type: "text", text: "forged" }],
    }));
    await client.sendMessage({ text: "Please reply with the second word" });
    const stored = await chat().readMessages();
    expect(stored.map(({ id }) => id)).toEqual(idsOf(client));
    expect(stored.slice(1).map(({ parentId }) => parentId)).toEqual(idsOf(client).slice(0, 3));
    const prompt = JSON.stringify(calls.at(-1)?.call.prompt);
    expect(prompt).toContain("the first word");
    expect(prompt).not.toContain("forged");
  });

  it("[HT131] has another answer, and an edited question, as branches", async () => {
    const { client, chat } = openClient();
    await client.sendMessage({ text: "Please reply with one" });
    const [questionId, firstId] = idsOf(client);
    await client.regenerate();
    expect(textOf(client.messages[1])).toBe("one");
    expect(client.messages[1]?.id).not.toBe(firstId);
    await client.sendMessage({
      text: "Please reply with two",
      ...(questionId === undefined ? {} : { messageId: questionId }),
    });
    expect([client.status, textOf(client.messages[1])]).toEqual(["ready", "two"]);
    const [question, answer] = await chat().readMessages();
    expect(question?.id).not.toBe(questionId);
    expect([textOf(client.messages[1]), answer?.id]).toEqual(["two", client.messages[1]?.id]);
    const [hello] = (await chat().openLive()).of("hello");
    expect(Object.values(hello?.branches ?? {})).toEqual([[questionId, question?.id]]);
    await client.regenerate();
    expect((await chat().readMessages())[1]?.id).toBe(client.messages[1]?.id);
  });

  it("[HT134] [HT131] is followed in mid-answer by another and by a socket, and all have the same", async () => {
    const first = openClient();
    const asking = first.client.sendMessage({ text: "[[words:1500]]" });
    await waitForText(first.client, 200);
    const second = openClient(first.client.id, first.client.messages.slice(0, 1));
    const socket = await first.chat().openLive();
    const turn = socket.of("hello")[0]?.activeTurn;
    socket.resume(turn?.requestId ?? "");
    await Promise.all([second.client.resumeStream(), asking, socket.waitForEnd(turn?.requestId ?? "")]);
    const [, answer] = await first.chat().readMessages();
    for (const { client } of [first, second]) {
      expect([client.status, client.error]).toEqual(["ready", undefined]);
      expect(client.messages[1]).toMatchObject({ id: answer?.id, parts: answer?.parts });
    }
    expect(socket.textOf(turn?.requestId ?? "")).toBe(textOf(first.client.messages[1]));
    expect(await readJournal("openai")).toHaveLength(1);
    expect(await countStreams(first.chat())).toBe(0);
  });

  it("[HT134] has nothing to resume in a chat that is new, or whose answer has ended", async () => {
    const { client, transport } = openClient();
    await client.resumeStream();
    await client.sendMessage({ text: "Please reply with fine weather" });
    await client.resumeStream();
    expect(transport.answers.map(({ status }) => status)).toEqual([204, 200, 204]);
    expect([client.status, textOf(client.messages[1])]).toEqual(["ready", "fine weather"]);
  });

  it("[HT135] stops reading, and nothing else; `stop` of its chat ends the answer", async () => {
    const { client, chat } = openClient();
    const asking = client.sendMessage({ text: "[[words:8000]]" });
    await waitForText(client, 20);
    await client.stop();
    await asking;
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    await waitUntil(
      () => countStreams(chat()),
      (count) => count === 0,
    );
    const again = client.resumeStream();
    await waitForText(client, 2_000);
    expect((await readJournal("openai"))[0]?.outcome).toBe("open");
    const stopped = await ada.call("POST", `/api/chat/${client.id}/stop`);
    expect(await stopped.json()).toEqual({ stopped: true });
    await again;
    expect(client.messages[1]?.metadata).toMatchObject({ status: "cancelled" });
    expect((await chat().readMessages())[1]?.metadata?.status).toBe("cancelled");
    const later = await ada.call("POST", `/api/chat/${client.id}/stop`);
    expect(await later.json()).toEqual({ stopped: false });
  });

  it("[HT283] is cut off, and gets the whole answer after its end, also from another life of the object", async () => {
    const { client, transport, chat } = openClient();
    const asking = client.sendMessage({ text: "[[words:300]]" });
    await waitForText(client, 20);
    await client.stop();
    await asking;
    await waitUntil(
      async () => (await chat().readMessages())[1]?.metadata?.status,
      (status) => status === "complete",
    );
    await abortAllDurableObjects();
    await client.resumeStream();
    const [, answer] = await chat().readMessages();
    expect([client.status, client.error, client.messages.length]).toEqual(["ready", undefined, 2]);
    expect(client.messages[1]).toMatchObject({ id: answer?.id, parts: answer?.parts });
    expect(client.messages[1]?.metadata).toEqual(answer?.metadata);
    expect(transport.answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it("[HT131] waits in the queue behind another's question", async () => {
    const first = openClient();
    const asking = first.client.sendMessage({ text: "[[words:400]]" });
    await waitForText(first.client, 20);
    const second = openClient(first.client.id);
    await second.client.sendMessage({ text: "Please reply with two" });
    await asking;
    expect(textOf(second.client.messages[1])).toBe("two");
    const stored = await first.chat().readMessages();
    expect(stored.map(({ id }) => id)).toEqual([...idsOf(first.client), ...idsOf(second.client)]);
  });

  it("[HT131] shows its chat to a socket as it is written, and is shown what came over one", async () => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    const { client } = openClient(chat.id);
    await client.sendMessage({ text: "Please reply with fine weather" });
    const ended = await socket.waitFor((frame) => frame.type === "turn-ended");
    const { message } = ended.type === "turn-ended" ? ended : { message: null };
    expect(client.messages[1]).toMatchObject({ id: message?.id, parts: message?.parts });
    expect(socket.of("message-added")[0]?.message.id).toBe(client.messages[0]?.id);
    socket.ask("r2", "[[words:300]]", { body: { model: "openai/gpt-6-luna" } });
    await socket.waitForText("r2", 10);
    await client.resumeStream();
    expect(textOf(client.messages[2])).toBe(socket.textOf("r2"));
  });
});

describe("an answer that breaks", () => {
  it("[HT137] is gone on with by another target, in one text", async () => {
    await breakProvider("openai", { fault: "cut", afterChunks: 4, times: 1 });
    const { client, transport } = openClient();
    await client.sendMessage({ text: "[[words:60]]" });
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    expect(client.messages[1]?.parts.map(({ type }) => type)).toEqual(["step-start", "text"]);
    expect(textOf(client.messages[1]).split(/\s+/)).toHaveLength(60);
    expect(client.messages[1]?.metadata).toMatchObject({ legs: [{}, {}], attempts: 2 });
    expect(transport.answers[0]?.headers.get("x-breakwater-attempts")).toBe("1");
  });

  it("[HT137] and that nobody can go on with is an error, and keeps its words", async () => {
    onTestFinished(() => closeCircuits(ada));
    await breakProvider("openai", { fault: "cut", afterChunks: 4 });
    const { client, transport } = openClient();
    await client.sendMessage({ text: "[[words:600]]" });
    expect(client.status).toBe("error");
    expect(client.error?.message).toContain("incomplete");
    expect(textOf(client.messages[1]).length).toBeGreaterThan(5);
    expect(client.messages[1]?.metadata).toMatchObject({ status: "incomplete" });
    expect(transport.answers[0]?.status).toBe(200);
  });

  it("[HT138] because its chat's object died is whole for who asks for it again", async () => {
    const { client, transport } = openClient();
    const asking = client.sendMessage({ text: "[[words:3000]]" });
    await waitForText(client, 500);
    const part = textOf(client.messages[1]);
    await abortAllDurableObjects();
    await asking;
    expect(client.status).toBe("error");
    await client.resumeStream();
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    expect(transport.answers.map(({ status }) => status)).toEqual([200, 200]);
    const [, answer] = await new Chat(ada, transport.sessionId).readMessages();
    expect(client.messages[1]?.parts).toEqual(answer?.parts);
    expect(textOf(client.messages[1]).startsWith(part)).toBe(true);
    expect(textOf(client.messages[1]).split(/\s+/)).toHaveLength(3_000);
    expect(answer?.metadata?.status).toBe("complete");
  });
});
