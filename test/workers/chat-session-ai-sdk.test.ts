/** AI SDK's own `Chat` with its `WebSocketChatTransport`, unmodified, against the chat's object in workerd. */
import { env } from "cloudflare:workers";
import { WebSocketChatTransport, type UIMessage } from "ai";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PNG, toDataUrl, toLargePng } from "../fixtures/tiny-files.ts";
import { ClientSocket } from "../fakes/client-socket.ts";
import { MemoryChat, textOf } from "../fakes/memory-chat.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, type Chat, type Visitor } from "./sandbox-people.ts";
import { closeCircuits } from "./sandbox-settings.ts";

// Some wait for the queue, some for an object that comes back; a busy machine takes its time for both.
vi.setConfig({ testTimeout: 20_000 });

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

/** A WebSocket as the transport constructs it; the upgrade is the Worker's own. */
function toWebSocketClass(visitor: Visitor) {
  return class extends ClientSocket {
    private socket: WebSocket | null = null;

    constructor(url: string | URL) {
      super();
      const { pathname, search } = new URL(url);
      void this.connect(pathname + search);
    }

    send(data: string): void {
      this.socket?.send(data);
    }

    close(code?: number, reason?: string): void {
      this.readyState = 3;
      this.socket?.close(code, reason);
    }

    private async connect(path: string): Promise<void> {
      const answer = await visitor.upgrade(path);
      if (answer.webSocket === null) {
        this.readyState = 3;
        this.onerror?.({});
        return;
      }
      this.socket = answer.webSocket;
      this.socket.addEventListener("message", ({ data }) => this.onmessage?.({ data }));
      this.socket.addEventListener("close", (event) => {
        this.readyState = 3;
        this.onclose?.(event);
      });
      this.socket.accept();
      this.readyState = 1;
      this.onopen?.({});
    }
  };
}

function openTransport(chat: Chat, model = "openai/gpt-6-luna"): WebSocketChatTransport<UIMessage> {
  return new WebSocketChatTransport({
    url: `http://127.0.0.1:8787${chat.path}/socket`,
    webSocket: toWebSocketClass(ada),
    body: { model },
  });
}

describe("an unmodified client", () => {
  it(
    "[SE230] [SE240] attaches pictures as `useChat` does, however many its copy of the chat has",
    { timeout: 60_000 },
    async () => {
      const chat = await ada.createChat();
      const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
      for (const mark of [1, 2]) {
        const url = toDataUrl("image/png", toLargePng(1_200_000, mark));
        const files = [{ type: "file" as const, mediaType: "image/png", filename: `${mark}.png`, url }];
        await client.sendMessage({ text: `Please reply with ${mark}`, files });
        expect([client.status, client.error, textOf(client.messages.at(-1))]).toEqual([
          "ready",
          undefined,
          `${mark}`,
        ]);
      }
      await client.regenerate();
      expect([client.status, client.error, textOf(client.messages.at(-1))]).toEqual([
        "ready",
        undefined,
        "2",
      ]);
      const messages = await chat.readMessages();
      expect(messages).toHaveLength(4);
      const { objects } = await env.FILES.list({ prefix: `attachments/${chat.id}/` });
      expect(objects.map(({ size }) => size)).toEqual(Array(2).fill(PNG.length + 12 + 1_200_000));
      const picture = messages[0]?.parts.at(-1);
      expect(picture).toMatchObject({ type: "file", filename: "1.png", mediaType: "image/png" });
      const read = await ada.call("GET", String(picture?.["url"]));
      expect((await read.arrayBuffer()).byteLength).toBe(objects[0]?.size);
    },
  );

  it("[SE10] asks and reads, and holds the very message that is stored", async () => {
    const chat = await ada.createChat();
    const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    await client.sendMessage({ text: "Please reply with fine weather" });
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    const [question, answer] = await chat.readMessages();
    expect(textOf(client.messages[1])).toBe("fine weather");
    expect(client.messages.map((message) => message.id)).toEqual([question?.id, answer?.id]);
    expect(client.messages[1]?.parts).toEqual(answer?.parts);
    expect(client.messages[1]?.metadata).toEqual(answer?.metadata);
    await client.regenerate();
    expect((await chat.readMessages())[1]?.id).toBe(client.messages[1]?.id);
    expect(await readJournal("openai")).toHaveLength(2);
  });

  it("[SE10] [SE11] is cut off in the middle, resumes, and ends with the text of one that stayed", async () => {
    const chat = await ada.createChat();
    const stayed = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    const watching = await chat.openLive();
    const asking = stayed.sendMessage({ text: "[[words:2500]]" });
    await watching.waitFor((frame) => frame.type === "chunk" && frame.sequence > 8);
    const cut = openTransport(chat);
    const left = new MemoryChat({ id: chat.id, transport: cut }, [...stayed.messages.slice(0, 1)]);
    const reading = left.resumeStream();
    await waitUntil(
      () => textOf(left.messages[1]).length,
      (length) => length > 50,
    );
    cut.close();
    await reading;
    expect(left.status).toBe("error");
    const partOfIt = textOf(left.messages[1]);
    left.messages = left.messages.slice(0, 1);
    await left.resumeStream();
    await asking;
    expect(textOf(left.messages[1])).toBe(textOf(stayed.messages[1]));
    expect(textOf(stayed.messages[1]).startsWith(partOfIt)).toBe(true);
    expect(left.messages[1]?.parts).toEqual((await chat.readMessages())[1]?.parts);
    expect(left.status).toBe("ready");
  });

  it("[SE10] [SE24] stops by its own `stop`, and the upstream connection closes", async () => {
    const chat = await ada.createChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    const asking = client.sendMessage({ text: "[[words:60]]" });
    await waitUntil(
      () => textOf(client.messages[1]).length,
      (length) => length > 5,
    );
    await client.stop();
    await asking;
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
    await waitUntil(
      () => chat.readMessages(),
      ([, answer]) => answer?.metadata?.status === "cancelled",
    );
  });

  it("[SE60] [SE10] sees one text when a broken answer is gone on with", async () => {
    const chat = await ada.createChat();
    await breakProvider("openai", { fault: "cut", afterChunks: 4, times: 1 });
    const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    await client.sendMessage({ text: "[[words:60]]" });
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    expect(client.messages[1]?.parts.map(({ type }) => type)).toEqual(["step-start", "text"]);
    expect(textOf(client.messages[1]).split(/\s+/)).toHaveLength(60);
    expect(client.messages[1]?.metadata).toMatchObject({ legs: [{}, {}] });
  });

  it("[SE61] [SE10] sees no thoughts of a target that broke in them", async () => {
    const chat = await ada.createChat();
    await breakProvider("deepseek", { fault: "cut", afterChunks: 3, times: 1 });
    const transport = openTransport(chat, "deepseek/deepseek-v4-pro");
    const client = new MemoryChat({ id: chat.id, transport });
    await client.sendMessage({ text: "Why is the sea salty?" });
    expect([client.status, client.error]).toEqual(["ready", undefined]);
    const [, answer] = await chat.readMessages();
    // AI SDK keeps the ids of thoughts, which are no part of a stored message.
    expect(client.messages[1]?.parts).toMatchObject(answer?.parts ?? []);
    expect(client.messages[1]?.parts).toHaveLength(3);
    expect(answer?.parts.map(({ type }) => type)).toEqual(["step-start", "reasoning", "text"]);
  });

  it("[SE1] [SE10] sees an answer that nobody could finish as an error and keeps its words", async () => {
    const chat = await ada.createChat();
    onTestFinished(() => closeCircuits(ada));
    await breakProvider("openai", { fault: "cut", afterChunks: 4 });
    const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    await client.sendMessage({ text: "[[words:600]]" });
    expect(client.status).toBe("error");
    expect(client.error?.message).toContain("incomplete");
    expect(textOf(client.messages[1]).length).toBeGreaterThan(5);
  });

  it("[SE12] with nothing to resume stays as it is", async () => {
    const chat = await ada.createChat();
    const client = new MemoryChat({ id: chat.id, transport: openTransport(chat) });
    await client.resumeStream();
    expect([client.status, client.messages]).toEqual(["ready", []]);
  });
});
