/** The chat's object in workerd, by its wire: what is asked, what is told, who follows. Answers come from the sandbox. */
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { applyAnswerChunk, closeAnswerDraft, startAnswerDraft } from "../../src/protocol/answer-parts.ts";
import { MAX_FRAME_BYTES, type StoredMessage } from "../../src/protocol/session-frame.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, type Chat, type Visitor } from "./sandbox-people.ts";
import { closeCircuits } from "./sandbox-settings.ts";
import type { SocketClient } from "./sandbox-socket.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const GOOGLE = { model: "google/gemini-3.5-flash-lite" };
const DEEPSEEK = { model: "deepseek/deepseek-v4-flash" };

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

async function openChat(): Promise<{ chat: Chat; socket: SocketClient }> {
  const chat = await ada.createChat();
  return { chat, socket: await chat.open() };
}

const texts = (messages: readonly StoredMessage[]): string[] =>
  messages.map(({ parts }) =>
    parts.map((part) => (typeof part["text"] === "string" ? part["text"] : "")).join(""),
  );

/** The message as a client puts it together from the chunks it was sent. */
function assemble(socket: SocketClient, requestId: string) {
  const draft = startAnswerDraft();
  for (const chunk of socket.chunksOf(requestId)) applyAnswerChunk(draft, chunk);
  return closeAnswerDraft(draft);
}

const fromZero = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("how an answer ends", () => {
  it("[SE1] [SE2] complete: `finish` comes last, with a receipt of everything", async () => {
    const { chat, socket } = await openChat();
    socket.ask("r1", "Please reply with fine weather", { body: OPENAI });
    const chunks = await socket.waitForEnd("r1");
    expect(socket.textOf("r1")).toBe("fine weather");
    const [, answer] = await chat.readMessages();
    expect(chunks.at(-1)).toEqual({
      type: "finish",
      finishReason: "stop",
      messageMetadata: answer?.metadata,
    });
    expect(answer?.metadata).toMatchObject({
      status: "complete",
      requested: ["openai/gpt-6-luna"],
      legs: [{ provider: "openai", model: "gpt-6-luna" }],
      attempts: 1,
      sandbox: true,
      notice: null,
    });
    expect(answer?.metadata?.turnId).toMatch(/^turn_/);
    expect(answer?.metadata?.selectionId).toMatch(/^sel_/);
    expect(answer?.metadata?.firstTokenMs).toBeLessThanOrEqual(answer?.metadata?.durationMs ?? -1);
    expect(answer?.metadata?.costMicroUsd).toBeGreaterThan(0);
    expect(answer?.metadata?.legs[0]?.usage.outputTokens).toBeGreaterThan(0);
    expect(chunks[0]).toMatchObject({ type: "start", messageMetadata: { status: "streaming", legs: [] } });
  });

  it("[SE1] failed: no word came, and the last chunk is an error in a sentence of ours", async () => {
    const { chat, socket } = await openChat();
    await breakProvider("openai", { fault: "bad-request" });
    socket.ask("r1", "Hello?", { body: OPENAI });
    const chunks = await socket.waitForEnd("r1");
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "failed", legs: [], attempts: 1, costMicroUsd: 0 });
    expect(chunks.slice(-2)).toEqual([
      { type: "message-metadata", messageMetadata: answer?.metadata },
      { type: "error", errorText: answer?.metadata?.notice },
    ]);
    expect(answer?.metadata?.notice).not.toContain("sandbox fault");
    expect(answer?.parts).toEqual([]);
  });

  it("[SE1] [SE3] incomplete: every stream broke after words, which are kept", async () => {
    const { chat, socket } = await openChat();
    onTestFinished(() => closeCircuits(ada));
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    socket.ask("r1", "[[words:400]]", { body: GOOGLE });
    const chunks = await socket.waitForEnd("r1");
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "incomplete" });
    expect(answer?.metadata?.legs.length).toBeGreaterThan(1);
    expect(answer?.metadata?.attempts).toBe(answer?.metadata?.legs.length);
    expect(chunks.at(-1)).toEqual({ type: "error", errorText: answer?.metadata?.notice });
    expect(socket.textOf("r1").length).toBeGreaterThan(5);
    expect(answer?.parts).toEqual(assemble(socket, "r1"));
  });

  it("[SE1] [SE3] [SE24] cancelled: `abort` keeps what was said and closes the upstream connection", async () => {
    const { chat, socket } = await openChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r1", "[[words:80]]", { body: OPENAI });
    await socket.waitForText("r1", 10);
    expect(await readJournal("openai")).toMatchObject([{ outcome: "open" }]);
    socket.abort("r1");
    const chunks = await socket.waitForEnd("r1");
    expect(chunks.at(-1)).toEqual({ type: "abort" });
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
    expect(answer?.parts).toEqual(assemble(socket, "r1"));
    expect(texts(answer === undefined ? [] : [answer])).toEqual([socket.textOf("r1")]);
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
  });

  it("[SE3] a whole answer with reasoning is stored as it was streamed", async () => {
    const { chat, socket } = await openChat();
    socket.ask("r1", "Why is the sea salty?", { body: { model: "deepseek/deepseek-v4-pro" } });
    await socket.waitForEnd("r1");
    const [, answer] = await chat.readMessages();
    expect(answer?.parts.map((part) => part.type)).toEqual(["step-start", "reasoning", "text"]);
    expect(answer?.parts).toEqual(assemble(socket, "r1"));
    expect(texts([...(await chat.readMessages())])[1]).toContain("Why is the sea salty?");
  });
});

describe("the wire of AI SDK", () => {
  it("[SE10] has no frames but its own, whatever other tabs do", async () => {
    const { chat, socket } = await openChat();
    const live = await chat.openLive();
    live.ask("theirs", "Please reply with one");
    await live.waitForEnd("theirs");
    socket.ask("mine", "Please reply with two");
    await socket.waitForEnd("mine");
    await ada.call("PATCH", chat.path, { title: "Another name" });
    await live.waitFor((frame) => frame.type === "session-changed" && frame.title === "Another name");
    expect(new Set(socket.frames.map((frame) => frame.type))).toEqual(new Set(["start", "chunk", "end"]));
    expect(socket.frames.every((frame) => "requestId" in frame && frame.requestId === "mine")).toBe(true);
  });

  it("[SE8] numbers chunks from 0 without a gap", async () => {
    const { socket } = await openChat();
    socket.ask("r1", "[[words:60]]");
    const chunks = await socket.waitForEnd("r1");
    expect(socket.sequencesOf("r1")).toEqual(fromZero(chunks.length));
  });
});

describe("coming back", () => {
  it("[SE11] whoever resumes in mid-answer gets what somebody who stayed gets", async () => {
    const { chat, socket: stayed } = await openChat();
    const left = await chat.openLive();
    stayed.ask("r1", "[[words:250]]");
    await left.waitForText("r1", 150);
    const cursor = left.sequencesOf("r1").at(-1) ?? -1;
    left.close();
    const [returned, anew] = [await chat.openLive(), await chat.open()];
    returned.resume("r2", cursor);
    anew.resume("r3");
    await Promise.all([stayed.waitForEnd("r1"), returned.waitForEnd("r2"), anew.waitForEnd("r3")]);
    const all = stayed.chunksOf("r1");
    expect(stayed.sequencesOf("r1")).toEqual(fromZero(all.length));
    expect(anew.chunksOf("r3")).toEqual(all);
    expect(anew.sequencesOf("r3")).toEqual(fromZero(all.length));
    expect(returned.sequencesOf("r2")).toEqual(fromZero(all.length).slice(cursor + 1));
    expect([...left.chunksOf("r1").slice(0, cursor + 1), ...returned.chunksOf("r2")]).toEqual(all);
    // It was the middle: something came before the cut, and something after.
    expect(returned.frames.filter((frame) => frame.type === "chunk").length).toBeGreaterThan(1);
    expect(cursor).toBeGreaterThan(1);
  });

  it("[SE12] an answer that has ended is replayed to its end", async () => {
    const { chat, socket } = await openChat();
    socket.ask("r1", "Please reply with fine weather");
    const chunks = await socket.waitForEnd("r1");
    const later = await chat.open();
    later.resume("r2");
    expect(await later.waitForEnd("r2")).toEqual(chunks);
    expect(later.frames.map((frame) => frame.type)).toEqual(["start", ...chunks.map(() => "chunk"), "end"]);
    later.resume("r3", chunks.length - 2);
    expect(await later.waitForEnd("r3")).toEqual(chunks.slice(-1));
  });

  it("[SE12] without an answer there is nothing to resume", async () => {
    const { socket } = await openChat();
    socket.resume("r1");
    expect(await socket.waitFor((frame) => frame.type === "no-active")).toEqual({
      type: "no-active",
      requestId: "r1",
    });
  });

  it("[SE16] a socket that goes away does not stop the turn", async () => {
    const { chat, socket } = await openChat();
    socket.ask("r1", "[[words:120]]");
    await socket.waitForText("r1", 20);
    socket.close();
    const messages = await waitUntil(
      () => chat.readMessages(),
      ([, answer]) => answer?.metadata?.status === "complete",
    );
    expect(texts(messages)[1]?.split(" ").length).toBeGreaterThan(100);
  });
});

describe("several tabs", () => {
  it("[SE13] each is first told the chat as it stands", async () => {
    const { chat, socket } = await openChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r0", "Please reply with fine weather", { body: DEEPSEEK });
    await socket.waitForEnd("r0");
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await socket.waitForText("r1", 5);
    const tab = await chat.openLive();
    const [hello] = tab.frames;
    expect(hello).toMatchObject({
      type: "hello",
      sessionId: chat.id,
      title: "Please reply with fine weather",
      activeTurn: { requestId: "r1", parentId: "user-r1" },
      presence: 2,
    });
    expect(hello?.type === "hello" ? texts(hello.messages) : []).toEqual([
      "Please reply with fine weather",
      "fine weather",
      "[[words:40]]",
    ]);
    tab.send({ type: "stop" });
    await socket.waitForEnd("r1");
  });

  it("[SE13] is told of questions, turns, answers and names that come from others", async () => {
    const chat = await ada.createChat();
    const [asking, watching] = [await chat.openLive(), await chat.openLive()];
    asking.ask("r1", "Please reply with fine weather");
    await watching.waitFor((frame) => frame.type === "turn-ended");
    const [, answer] = await chat.readMessages();
    expect(watching.textOf("r1")).toBe("fine weather");
    expect(watching.chunksOf("r1")).toEqual(asking.chunksOf("r1"));
    // A slow run stores in between and says so.
    const types = watching.frames.map((frame) => frame.type).filter((type) => type !== "durable");
    const told = types.filter((type, at, all) => type !== all[at - 1]);
    expect(told).toEqual([
      "hello",
      "session-changed",
      "message-added",
      "session-changed",
      "turn-started",
      "start",
      "chunk",
      "end",
      "turn-ended",
    ]);
    expect(watching.frames.at(-1)).toMatchObject({ type: "turn-ended", message: answer });
    await ada.call("PATCH", chat.path, { title: "Weather" });
    await watching.waitFor((frame) => frame.type === "session-changed" && frame.title === "Weather");
    asking.close();
    await watching.waitFor(
      (frame) => frame.type === "session-changed" && frame.title === "Weather" && frame.presence === 1,
    );
  });

  it("[SE24] any of them can stop the answer", async () => {
    const chat = await ada.createChat();
    const [asking, other] = [await chat.openLive(), await chat.openLive()];
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    asking.ask("r1", "[[words:80]]", { body: OPENAI });
    await other.waitForText("r1", 10);
    other.send({ type: "stop" });
    expect((await asking.waitForEnd("r1")).at(-1)).toEqual({ type: "abort" });
    expect((await chat.readMessages())[1]?.metadata?.status).toBe("cancelled");
  });

  it("[SE24] `abort` is for whoever asked or follows, not for strangers to the request", async () => {
    const { chat, socket } = await openChat();
    const other = await chat.open();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r1", "[[words:80]]", { body: OPENAI });
    await socket.waitForText("r1", 10);
    other.abort("r1");
    other.resume("r2");
    await other.waitForText("r2", 10);
    expect((await chat.readMessages())[1]?.metadata?.status).toBe("streaming");
    other.abort("r2");
    expect((await socket.waitForEnd("r1")).at(-1)).toEqual({ type: "abort" });
  });
});

describe("frames that cannot be read", () => {
  it.each([
    ["not JSON", "{", /^Bad frame/],
    ["no frame at all", "null", /^Bad frame/],
    ["an unknown type", '{"type":"shout"}', /^Bad frame at type/],
    ["a frame of the other wire", '{"type":"stop"}', /^Bad frame at type/],
    ["a missing field", '{"type":"abort"}', /^Bad frame at requestId/],
    [
      "a wrong sequence",
      '{"type":"resume","requestId":"r","id":"c","lastSequence":-1}',
      /^Bad frame at lastSequence/,
    ],
    [
      "a name in another script",
      JSON.stringify({ type: "resume", requestId: "r", id: "c", headers: { ["名".repeat(200)]: 1 } }),
      /^Bad frame at headers/,
    ],
  ])("[SE14] %s closes the socket with a reason, and changes nothing", async (_, text, reason) => {
    const { chat, socket } = await openChat();
    const other = await chat.open();
    socket.sendText(text);
    expect(await socket.closed).toEqual({ code: 1008, reason: expect.stringMatching(reason) });
    expect(await chat.readMessages()).toEqual([]);
    other.ask("r1", "Please reply with fine weather");
    await other.waitForEnd("r1");
  });

  it.each([
    ["in Latin", "x".repeat(MAX_FRAME_BYTES)],
    ["whose characters are three bytes each", "名".repeat(MAX_FRAME_BYTES / 2)],
  ])(
    "[SE15] [SE242] a frame above 1 MiB %s closes the socket, a question is refused in words",
    async (_, padding) => {
      const { chat, socket } = await openChat();
      socket.ask("r1", padding);
      expect(await socket.waitFor((frame) => frame.type === "error")).toMatchObject({
        requestId: "r1",
        errorText: expect.stringContaining("too large"),
      });
      socket.sendText(JSON.stringify({ type: "abort", requestId: padding }));
      expect(await socket.closed).toMatchObject({ code: 1009 });
      expect(await chat.readMessages()).toEqual([]);
    },
  );
});

describe("turns wait for each other", () => {
  it("[SE20] [SE23] one at a time, in order, at most five; one more is refused with a sentence", async () => {
    const { chat, socket } = await openChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 3, times: 1 });
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await socket.waitForText("r1", 5);
    for (const id of ["r2", "r3", "r4", "r5"]) socket.ask(id, `Please reply with ${id}`, { body: DEEPSEEK });
    socket.ask("r6", "Please reply with r6", { body: DEEPSEEK });
    expect(await socket.waitFor((frame) => frame.type === "error")).toMatchObject({
      requestId: "r6",
      errorText: expect.stringContaining("Too many questions"),
    });
    // Only the first has been asked.
    expect(await readJournal()).toHaveLength(1);
    socket.abort("r3");
    expect((await socket.waitForEnd("r3")).at(-1)).toEqual({ type: "abort" });
    socket.abort("r1");
    await socket.waitForEnd("r5");
    const ends = socket.frames.flatMap((frame) => (frame.type === "end" ? [frame.requestId] : []));
    expect(ends).toEqual(["r3", "r1", "r2", "r4", "r5"]);
    const starts = socket.frames.flatMap((frame) => (frame.type === "start" ? [frame.requestId] : []));
    expect(starts.filter((id) => id !== "r3")).toEqual(["r1", "r2", "r4", "r5"]);
    const path = await chat.readMessages();
    expect(path.map((message) => message.parentId)).toEqual([
      null,
      ...path.slice(0, -1).map((message) => message.id),
    ]);
    expect(texts(path).filter((_, index) => index % 2 === 0)).toEqual([
      "[[words:40]]",
      ...["r2", "r3", "r4", "r5"].map((id) => `Please reply with ${id}`),
    ]);
    expect(path.flatMap((message) => message.metadata?.status ?? [])).toEqual([
      "cancelled",
      "complete",
      "cancelled",
      "complete",
      "complete",
    ]);
  });

  it("[SE20] one that ends without a word lets the next go on", async () => {
    const { chat, socket } = await openChat();
    await breakProvider("openai", { fault: "stall", afterChunks: 0, times: 1 });
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
    socket.ask("r2", "Please reply with two", { body: DEEPSEEK });
    socket.abort("r1");
    await socket.waitForEnd("r2");
    expect(texts(await chat.readMessages())).toEqual(["[[words:40]]", "", "Please reply with two", "two"]);
  });

  it("[SE21] a message that is sent twice is one message with one answer", async () => {
    const { chat, socket } = await openChat();
    const other = await chat.open();
    socket.ask("r1", "[[words:60]]", { id: "the-message", body: DEEPSEEK });
    await socket.waitForText("r1", 10);
    other.ask("r2", "[[words:60]]", { id: "the-message", body: DEEPSEEK });
    expect(await other.waitForEnd("r2")).toEqual(await socket.waitForEnd("r1"));
    other.ask("r3", "[[words:60]]", { id: "the-message", body: DEEPSEEK });
    expect(await other.waitForEnd("r3")).toEqual(socket.chunksOf("r1"));
    expect(await chat.readMessages()).toHaveLength(2);
    expect(await readJournal()).toHaveLength(1);
  });

  it("[SE22] an edited question and a regenerated answer are branches beside the old ones", async () => {
    const { chat, socket } = await openChat();
    socket.ask("r1", "Please reply with one", { id: "q1" });
    await socket.waitForEnd("r1");
    socket.ask("r2", "Please reply with two", { id: "q2" });
    await socket.waitForEnd("r2");
    const before = await chat.readMessages();
    socket.ask("r3", "Please reply with three", { id: "q2", messageId: "q2" });
    await socket.waitForEnd("r3");
    const edited = await chat.readMessages();
    expect(texts(edited)).toEqual(["Please reply with one", "one", "Please reply with three", "three"]);
    expect(edited[2]).toMatchObject({ parentId: before[1]?.id });
    expect(edited[2]?.id).not.toBe("q2");
    socket.ask("r4", "", { trigger: "regenerate-message", messageId: edited[3]?.id ?? "" });
    await socket.waitForEnd("r4");
    const again = await chat.readMessages();
    expect(again.slice(0, 3)).toEqual(edited.slice(0, 3));
    expect(again[3]?.id).not.toBe(edited[3]?.id);
    expect(again[3]?.parentId).toBe(edited[3]?.parentId);
    // Nothing was overwritten: the first branch can still be asked to go on from.
    socket.ask("r5", "", { trigger: "regenerate-message", messageId: "q2" });
    await socket.waitForEnd("r5");
    expect(texts(await chat.readMessages())).toEqual([
      "Please reply with one",
      "one",
      "Please reply with two",
      "two",
    ]);
  });

  it.each([
    ["an empty question", "   ", {}, /empty/],
    ["an unknown model", "Hello", { body: { model: "no-such-class" } }, /no-such-class/],
    ["an unknown model in a list", "Hello", { body: { models: ["fast", "nobody/nothing"] } }, /nobody/],
    [
      "an answer that is not there",
      "",
      { trigger: "regenerate-message" as const, messageId: "nowhere" },
      /no such answer/,
    ],
  ])("[SE23] %s is refused with a sentence and changes nothing", async (_, text, more, sentence) => {
    const chat = await ada.createChat();
    const socket = await chat.openLive();
    const before = socket.frames.length;
    socket.ask("r1", text, more);
    expect(await socket.waitFor((frame) => frame.type === "error")).toEqual({
      type: "error",
      requestId: "r1",
      errorText: expect.stringMatching(sentence),
    });
    expect(socket.frames.slice(before).filter((frame) => frame.type !== "session-changed")).toHaveLength(1);
    expect(await chat.readMessages()).toEqual([]);
    expect(await readJournal()).toEqual([]);
  });
});
