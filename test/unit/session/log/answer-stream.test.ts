/** A follower that is the body of an HTTP answer: what its reader gets, when, and what becomes of it without one. */
import { describe, expect, it } from "vitest";
import { AnswerStream } from "../../../../src/session/log/answer-stream.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { RECEIPT, toLeg } from "../answer-fixtures.ts";

function open() {
  const clock = new VirtualClock();
  const over: AnswerStream[] = [];
  const stream: AnswerStream = new AnswerStream(clock, true, () => over.push(stream));
  const send = (frame: object): void => stream.send(JSON.stringify({ requestId: "r1", ...frame }));
  const sendChunk = (sequence: number, chunk: object): void => send({ type: "chunk", sequence, chunk });
  return { clock, over, stream, send, sendChunk };
}
const START = { type: "start", messageId: "m1", messageMetadata: RECEIPT };
const LEG = { type: "message-metadata", messageMetadata: { ...RECEIPT, legs: [toLeg()], attempts: 2 } };
const delta = (text: string) => ({ type: "text-delta", id: "text-0", delta: text });

async function read(stream: AnswerStream): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const reply = await stream.toReply();
  if (reply.type !== "answer") throw new Error(`it was ${reply.type}`);
  return reply.events.getReader();
}
const textOf = ({ value }: { value?: Uint8Array | undefined }): string => new TextDecoder().decode(value);

describe("an answer", () => {
  it("[HT130] is one event for each chunk, as it stands in the log, and `[DONE]`", async () => {
    const { over, stream, send, sendChunk } = open();
    send({ type: "start" });
    sendChunk(0, START);
    sendChunk(1, LEG);
    const reply = await stream.toReply();
    expect(reply).toMatchObject({ server: { provider: "openai", model: "gpt-6-luna", attempts: 2 } });
    const reader = await read(stream);
    expect(textOf(await reader.read())).toBe(
      `data: ${JSON.stringify(START)}\n\ndata: ${JSON.stringify(LEG)}\n\n`,
    );
    const next = reader.read();
    sendChunk(2, { ...delta("é\n"), more: { kept: [1] } });
    expect(textOf(await next)).toBe(
      'data: {"type":"text-delta","id":"text-0","delta":"é\\n","more":{"kept":[1]}}\n\n',
    );
    sendChunk(3, delta("b"));
    send({ type: "end" });
    send({ type: "error", errorText: "nobody hears this any more" });
    expect(textOf(await reader.read())).toBe(`data: ${JSON.stringify(delta("b"))}\n\ndata: [DONE]\n\n`);
    expect((await reader.read()).done).toBe(true);
    expect(over).toEqual([stream]);
  });

  it("[HT130] waits a while for its first word, and is given without one after it", async () => {
    const { clock, stream, sendChunk } = open();
    sendChunk(0, START);
    const waiting = stream.toReply();
    let isThere = false;
    void waiting.then(() => {
      isThere = true;
    });
    await clock.advance(9_999);
    expect(isThere).toBe(false);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ type: "answer", server: null });
  });

  it("[HT139] that has nothing to say says so every fifteen seconds, in a comment", async () => {
    const { clock, stream, send, sendChunk } = open();
    sendChunk(0, LEG);
    const reader = await read(stream);
    await reader.read();
    const next = reader.read();
    await clock.advance(15_000);
    expect(textOf(await next)).toBe(": still here\n\n");
    const afterwards = reader.read();
    await clock.advance(14_000);
    sendChunk(1, delta("a"));
    expect(textOf(await afterwards)).toMatch(/^data: /);
    await clock.advance(14_000);
    send({ type: "end" });
    expect(textOf(await reader.read())).toBe("data: [DONE]\n\n");
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("without an answer", () => {
  it.each([
    ["[HT136] refused", { type: "error", errorText: "No." }, { type: "refused", reason: "No." }],
    ["[HT134] nothing runs", { type: "no-active" }, { type: "no-active" }],
  ])("%s", async (_, frame, reply) => {
    const { clock, over, stream, send } = open();
    send(frame);
    expect(await stream.toReply()).toEqual(reply);
    expect([over.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("[HT139] because the chat is closed: the reason is an error, and nothing says `[DONE]`", async () => {
    const { over, stream, sendChunk } = open();
    sendChunk(0, LEG);
    stream.close(4404, "This chat was deleted.");
    stream.close(4404, "This chat was deleted.");
    const reader = await read(stream);
    expect(textOf(await reader.read())).toContain(
      '{"type":"error","errorText":"This chat was deleted."}\n\n',
    );
    expect((await reader.read()).done).toBe(true);
    expect(over).toHaveLength(1);
  });
});

describe("a reader", () => {
  it("[HT135] that goes away is forgotten, and sent nothing more", async () => {
    const { clock, over, stream, send, sendChunk } = open();
    sendChunk(0, LEG);
    const reader = await read(stream);
    await reader.cancel();
    sendChunk(1, delta("a"));
    send({ type: "end" });
    expect([over.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  it("[HT139] that takes nothing is cut off before its answer fills the memory", async () => {
    const { over, stream, sendChunk } = open();
    sendChunk(0, LEG);
    const reader = await read(stream);
    const text = "x".repeat(1_000_000);
    for (let sequence = 1; sequence < 20; sequence += 1) sendChunk(sequence, delta(text));
    await expect(reader.read()).rejects.toThrow(/too slow/);
    expect(over).toHaveLength(1);
  });

  it("[HT130] with a buffer of its own is told of the end", async () => {
    const { stream, send, sendChunk } = open();
    sendChunk(0, LEG);
    const reply = await stream.toReply();
    if (reply.type !== "answer") throw new Error("there is an answer");
    const reader = reply.events.getReader({ mode: "byob" });
    let text = "";
    send({ type: "end" });
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(16));
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    expect(text).toBe(`data: ${JSON.stringify(LEG)}\n\ndata: [DONE]\n\n`);
  });
});
