/** Words on tool calls that a client brings with its next request: where its stream ends, and where it goes on. */
import { lastAssistantMessageIsCompleteWithApprovalResponses, WebSocketChatTransport } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { applyAnswerChunk, startAnswerDraft } from "../../../../src/protocol/answer-parts.ts";
import type { SendFrame } from "../../../../src/protocol/session-frame.ts";
import { readToolWords, toWordsAlone } from "../../../../src/session/tools/tool-words.ts";
import { toCopyWithWords } from "../../../fakes/answer-copy.ts";
import { ClientSocket } from "../../../fakes/client-socket.ts";
import { MemoryChat } from "../../../fakes/memory-chat.ts";
import { say, type ChatWorld } from "../chat-world.ts";
import { stockSocket, type FakeSocket } from "../session-fakes.ts";
import { openWordWorld, SEARCH_MS, toCall } from "../word-world.ts";

/** AI SDK's copy of an answer, made of what sockets were sent. */
function toCopy(sockets: readonly FakeSocket[], words: Readonly<Record<string, boolean>>) {
  const chunks = sockets.flatMap((socket) => socket.of("chunk").map(({ chunk }) => chunk));
  const start = chunks.find((chunk) => chunk.type === "start");
  const draft = startAnswerDraft();
  for (const chunk of chunks) applyAnswerChunk(draft, chunk);
  return toCopyWithWords(start?.messageId ?? "", draft.parts, new Map(Object.entries(words)));
}

/** A WebSocket as the transport constructs it, at the chat's own core. */
function toWebSocketClass(world: ChatWorld) {
  return class extends ClientSocket {
    private readonly socket = stockSocket();

    constructor(_url: string | URL) {
      super();
      this.socket.send = (text) => this.onmessage?.({ data: text });
      world.sockets.push(this.socket);
      queueMicrotask(() => {
        this.readyState = 1;
        this.onopen?.({});
      });
    }

    send(data: string): void {
      world.send(this.socket, z.record(z.string(), z.unknown()).parse(JSON.parse(data)));
    }

    close(code?: number, reason?: string): void {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  };
}

/** Step by step: what arrives lets the client go on between the steps. */
async function passTime(world: ChatWorld): Promise<void> {
  for (let step = 0; step < 30; step += 1) await world.clock.advance(100);
}

function bring(
  world: ChatWorld,
  socket: FakeSocket,
  requestId: string,
  message: ReturnType<typeof toCopy>,
): void {
  const messages = [{ id: "user-r1", role: "user", parts: [{ type: "text", text: "go" }] }, message];
  const frame = { type: "send", requestId, id: "chat", trigger: "submit-message", messages };
  world.send(socket, { ...frame, messageId: message.id });
}

/** Together they were told the answer's log, nothing twice; each request under numbers of its own from 0, as AI SDK's socket wants it. */
function expectWhole(world: ChatWorld, ...sockets: readonly FakeSocket[]): void {
  const log = world.store.openStreamLog(world.store.readLastTurn()?.position ?? -1).readAll();
  const told = sockets.flatMap((socket) => socket.of("chunk").map(({ chunk }) => chunk));
  expect(told).toEqual(log.map((text): unknown => JSON.parse(text)));
  for (const socket of sockets) {
    const sequences = socket.of("chunk").map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index));
  }
}

const lastAnswer = (world: ChatWorld) => world.chat.view.readNewest(10).messages.at(-1);

describe("a client that brings words with its next request", () => {
  it("[SE96] [SE97] is let go where one is waited for, and goes on behind what it has", async () => {
    const { world, runs } = openWordWorld([[say("I shall send. "), toCall("c1", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    expect(first.types.at(-1)).toBe("end");
    expect(first.of("chunk").at(-1)?.chunk.type).toBe("tool-approval-request");
    expect(world.chat.hasOpenTurns).toBe(true);
    expect(runs).toEqual([]);
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true }));
    await world.finish();
    expect(runs).toEqual(["send"]);
    expect(second.types[0]).toBe("start");
    expect(second.types.at(-1)).toBe("end");
    expect(second.of("chunk").at(-1)?.chunk.type).toBe("finish");
    expectWhole(world, first, second);
    expect(lastAnswer(world)?.parts.map(({ type }) => type)).toEqual([
      "step-start",
      "text",
      "dynamic-tool",
      "step-start",
      "text",
    ]);
  });

  it("[SE97] says no", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Then not.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: false }));
    await world.finish();
    expect(runs).toEqual([]);
    expect(second.of("chunk").map(({ chunk }) => chunk.type)).toContain("tool-output-denied");
    expect(lastAnswer(world)?.metadata?.status).toBe("complete");
  });

  it("[SE96] stays while another call of the step is under way, and has both questions", async () => {
    const calls = [toCall("c1", "send"), toCall("c2", "search"), toCall("c3", "send")];
    const { world, runs } = openWordWorld([calls, [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(SEARCH_MS - 200);
    expect(first.types).not.toContain("end");
    await world.clock.advance(1_000);
    expect(first.types.at(-1)).toBe("end");
    expect(first.of("chunk").at(-1)?.chunk).toMatchObject({
      type: "tool-output-available",
      toolCallId: "c2",
    });
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true, appr_2: false }));
    await world.finish();
    expect(runs).toEqual(["search", "send"]);
    expectWhole(world, first, second);
  });

  it("[SE97] with one word of two goes on to the other question", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send"), toCall("c2", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true }));
    await world.clock.advance(1_000);
    expect(runs).toEqual(["send"]);
    expect(second.types.at(-1)).toBe("end");
    const third = world.connect(false);
    bring(world, third, "r3", toCopy([first, second], { appr_1: true, appr_2: true }));
    await world.finish();
    expect(runs).toEqual(["send", "send"]);
    expectWhole(world, first, second, third);
  });

  it("[SE97] twice at once is heard once, and both have the rest", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const [yes, no] = [world.connect(false), world.connect(false)];
    bring(world, yes, "r2", toCopy([first], { appr_1: true }));
    bring(world, no, "r3", toCopy([first], { appr_1: false }));
    await world.finish();
    expect(runs).toEqual(["send"]);
    expect(no.of("chunk").map(({ chunk }) => chunk)).toEqual(yes.of("chunk").map(({ chunk }) => chunk));
    expect(no.types.at(-1)).toBe("end");
  });

  it("[SE97] after a crash, before the call waits again: the word is kept for it", async () => {
    const { world, runs } = openWordWorld([[say("Well. "), toCall("c1", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    world.crash();
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true }));
    await world.finish();
    expect(runs).toEqual(["send"]);
    expectWhole(world, first, second);
  });

  it("[SE97] too late: has the end that the answer came to without it, for as long as its log is kept", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Nobody said a word.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    await world.clock.advance(10 * 60_000);
    await world.finish();
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true }));
    expect(runs).toEqual([]);
    expectWhole(world, first, second);
    expect(second.textOf("r2")).toBe("Nobody said a word.");
    await world.clock.advance(15 * 60_000 + 1);
    const third = world.connect(false);
    bring(world, third, "r3", toCopy([first], { appr_1: true }));
    expect(third.frames).toEqual([
      { type: "error", requestId: "r3", errorText: "This answer has ended. Read the chat's messages." },
    ]);
  });

  it("[SE97] about an answer or an approval that is not there is refused, and nothing is stored", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const copy = toCopy([first], { appr_1: true });
    const socket = world.connect(false);
    bring(world, socket, "r2", { ...copy, id: "msg_none" });
    const foreign: (typeof copy.parts)[number] = {
      type: "dynamic-tool",
      toolCallId: "c1",
      toolName: "send",
      state: "approval-responded",
      input: {},
      approval: { id: "x", approved: true },
    };
    bring(world, socket, "r3", { ...copy, parts: [foreign] });
    await world.clock.advance(1_000);
    expect(socket.frames).toEqual([
      { type: "error", requestId: "r2", errorText: "There is no such answer in this chat." },
      { type: "error", requestId: "r3", errorText: "No call of this answer has asked for such a word." },
    ]);
    expect(runs).toEqual([]);
    expect(world.chat.view.readNewest(10).messages).toHaveLength(1);
  });

  it("[SE96] who comes while a word is waited for is shown the answer up to there and let go", async () => {
    const { world } = openWordWorld([[say("Well. "), toCall("c1", "send")], [say("Done.")]]);
    const live = world.connect(true);
    world.ask(live, "r1", "go");
    await world.clock.advance(5_000);
    expect(live.types).not.toContain("end");
    const late = world.connect(false);
    world.resume(late, "r1");
    expect(late.types.at(-1)).toBe("end");
    expect(late.of("chunk").at(-1)?.chunk.type).toBe("tool-approval-request");
    world.send(live, { type: "decide-tool", approvalId: "appr_1", approved: true });
    await world.finish();
    expect(live.types).toContain("end");
  });

  it("[SE96] one that only follows for a program stays until the end", async () => {
    const { world } = openWordWorld([[toCall("c1", "send")], [say("Done.")]]);
    const page = world.connect(true);
    const program = Object.assign(stockSocket(), { bringsWords: false });
    world.ask(program, "r1", "go");
    await world.clock.advance(5_000);
    expect(program.types).not.toContain("end");
    world.send(page, { type: "decide-tool", approvalId: "appr_1", approved: true });
    await world.finish();
    expect(program.of("chunk").at(-1)?.chunk.type).toBe("finish");
  });
});

describe("AI SDK's WebSocketChatTransport, unmodified", () => {
  it("[SE10] [SE97] gives its word and has the rest", async () => {
    const { world, runs } = openWordWorld([[say("I shall. "), toCall("c1", "send")], [say("Done.")]]);
    const chat = new MemoryChat({
      id: "chat",
      transport: new WebSocketChatTransport({ url: "ws://x/socket", webSocket: toWebSocketClass(world) }),
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    });
    const asking = chat.sendMessage({ text: "go" });
    await passTime(world);
    await asking;
    expect([chat.status, chat.error]).toEqual(["ready", undefined]);
    await chat.addToolApprovalResponse({ id: "appr_1", approved: true });
    await passTime(world);
    expect(runs).toEqual(["send"]);
    expect([chat.status, chat.error]).toEqual(["ready", undefined]);
    expect(chat.messages[1]?.parts).toEqual(lastAnswer(world)?.parts);
  });
});

describe("what else may happen while a word is waited for", () => {
  it("[SE98] a new question brings the words that were said, and is a no to the rest", async () => {
    const calls = [toCall("c1", "send"), toCall("c2", "send")];
    const { world, runs } = openWordWorld([calls, [say("One was sent.")], [say("Next.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const copy = toCopy([first], { appr_1: true });
    const second = world.connect(false);
    const question = { id: "q2", role: "user" as const, parts: [{ type: "text", text: "And then?" }] };
    world.ask(second, "r2", "", { messages: [copy, question] });
    await world.finish();
    expect(runs).toEqual(["send"]);
    expect(world.path().slice(1)).toEqual(["One was sent.", "And then?", "Next."]);
    expect(second.textOf("r2")).toBe("Next.");
  });

  it("[SE98] a question on the live wire waits in the queue, and the call for its word", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Sent.")], [say("Next.")]]);
    const page = world.connect(true);
    world.ask(page, "r1", "go");
    await world.clock.advance(1_000);
    world.ask(page, "r2", "And then?");
    await world.clock.advance(60_000);
    expect(world.chat.hasOpenTurns).toBe(true);
    world.send(page, { type: "decide-tool", approvalId: "appr_1", approved: true });
    await world.finish();
    expect(runs).toEqual(["send"]);
    expect(world.path().slice(1)).toEqual(["Sent.", "And then?", "Next."]);
  });

  it("[SE97] after a stop and a crash the call stands as one that was not made, and no word is waited for", async () => {
    const { world, runs } = openWordWorld([[say("Well. "), toCall("c1", "send")], [say("Done.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    world.chat.stopAll();
    world.crash();
    const second = world.connect(false);
    bring(world, second, "r2", toCopy([first], { appr_1: true }));
    await world.finish();
    expect(runs).toEqual([]);
    expectWhole(world, first, second);
    expect(second.of("chunk").map(({ chunk }) => chunk.type)).toEqual([
      "tool-output-error",
      "message-metadata",
      "abort",
    ]);
    expect(lastAnswer(world)?.parts[2]).toMatchObject({ state: "output-error" });
  });

  it("[SE97] words after the log of an ended answer is gone are told so", async () => {
    const { world } = openWordWorld([[toCall("c1", "send")], [say("Denied.")], [say("Next.")]]);
    const first = world.connect(false);
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    const copy = toCopy([first], { appr_1: true });
    world.ask(world.connect(false), "r2", "And then?");
    await world.finish();
    const late = world.connect(false);
    bring(world, late, "r3", copy);
    expect(late.frames).toEqual([
      { type: "error", requestId: "r3", errorText: "This answer has ended. Read the chat's messages." },
    ]);
  });

  it("[SE97] a word that nobody has asked for is not kept, and does not hide a real one", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "send")], [say("Done.")]]);
    const page = world.connect(true);
    const first = world.connect(false);
    for (let index = 0; index < 60; index += 1) {
      world.send(page, { type: "decide-tool", approvalId: `junk_${index}`, approved: true });
    }
    world.ask(first, "r1", "go");
    await world.clock.advance(1_000);
    world.crash();
    const next = world.connect(true);
    for (let index = 0; index < 60; index += 1) {
      world.send(next, { type: "decide-tool", approvalId: `junk_${index}`, approved: true });
    }
    world.send(next, { type: "decide-tool", approvalId: "appr_1", approved: true });
    await world.finish();
    expect(runs).toEqual(["send"]);
  });
});

describe("a client's copy of an answer", () => {
  const call = (more: object) => ({
    type: "tool-send",
    toolCallId: "c1",
    state: "approval-responded",
    ...more,
  });
  const YES = { approval: { id: "a1", approved: true } };
  const read = (parts: SendFrame["messages"][number]["parts"], more: Partial<SendFrame> = {}) =>
    readToolWords({
      trigger: "submit-message",
      messages: [{ id: "m1", role: "assistant", parts }],
      ...more,
    });

  it("[SE97] brings the words of its last step, whatever its tools are called there", () => {
    expect(read([{ type: "step-start" }, call(YES)])?.words).toEqual(new Map([["a1", true]]));
    expect(read([call(YES), { type: "step-start" }, { type: "text", text: "Done." }])).toBeNull();
  });

  it.each([
    ["no word yet", [call({ state: "approval-requested", approval: { id: "a1" } })]],
    ["no approval", [call({})]],
    ["no call", [{ type: "text", text: "approval-responded" }]],
    ["another kind of part", [{ ...call(YES), type: "data-tool" }]],
    [
      "the id of an approval that is longer than any",
      [call({ approval: { id: "a".repeat(201), approved: true } })],
    ],
  ])("[SE97] with %s brings none", (_, parts) => {
    expect(read(parts)).toBeNull();
  });

  it("[SE97] is the newest message or the one that is named; another answer that is asked for brings no word", () => {
    const parts = [call(YES)];
    const question = { id: "q2", role: "user" as const, parts: [{ type: "text", text: "And?" }] };
    const answer = { id: "m1", role: "assistant" as const, parts };
    expect(read(parts, { messages: [answer, question] })).toBeNull();
    expect(read(parts, { messages: [answer, question], messageId: "m1" })?.messageId).toBe("m1");
    expect(read(parts, { messages: [question, answer], messageId: "q2" })).toBeNull();
    expect(read(parts, { trigger: "regenerate-message" })).toBeNull();
  });

  it("[SE97] says the same with nothing but its calls", () => {
    const parts = [
      { type: "step-start" },
      { type: "text", text: "long" },
      call({ ...YES, input: { all: "kinds" } }),
    ];
    const whole = { id: "m1", role: "assistant" as const, parts };
    const alone = toWordsAlone(whole);
    expect(JSON.stringify(alone)).not.toMatch(/long|kinds/);
    expect(read(alone.parts)).toEqual(read(parts));
  });
});
