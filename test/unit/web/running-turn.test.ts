/** Crashes and slow lines: rewinds, generations, what is durable, what has arrived. Rules WB51 to WB53. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACK_EVERY_BYTES } from "../../../src/protocol/session-frame.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import type { LiveServerFrame } from "../../../src/protocol/session-frame.ts";
import { countArrival } from "../../../web/session/ack-meter.ts";
import type { AckMeter } from "../../../web/session/ack-meter.ts";
import { EMPTY_ANSWER } from "../../../web/session/answer-part.ts";
import type { ChatEvent } from "../../../web/session/chat-state.ts";
import {
  CUT,
  frame,
  lastFrames,
  makeChunkFrame,
  makeHello,
  makeQuestion,
  makeReceipt,
  RESUME,
  run,
  started,
  TURN,
} from "./chat-fixture.ts";

const QUESTION = makeQuestion("question_1", null);
const hello = (generation = 0): ChatEvent => frame(makeHello([QUESTION], { ...TURN, generation }));
const running = run([hello()]).state;
const rewind = (sequence: number, generation = 1): ChatEvent =>
  frame({ type: "rewind", requestId: TURN.requestId, generation, sequence });
const take = (chunks: readonly AnswerChunk[], from = 0): ChatEvent[] =>
  chunks.map((chunk, index) => frame(makeChunkFrame(from + index, chunk)));

/** An answer with every kind of part, and a step that began again. */
const CHUNKS: AnswerChunk[] = [
  { type: "start", messageId: TURN.messageId, messageMetadata: makeReceipt({ status: "streaming" }) },
  { type: "start-step" },
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Thoughts of one that broke." },
  { type: "reset-step" },
  { type: "reasoning-start", id: "r" },
  { type: "reasoning-delta", id: "r", delta: "Let me see." },
  { type: "reasoning-end", id: "r" },
  { type: "tool-input-start", toolCallId: "t", toolName: "clock", dynamic: true },
  { type: "tool-input-delta", toolCallId: "t", inputTextDelta: '{"zone":' },
  { type: "tool-input-available", toolCallId: "t", toolName: "clock", input: { zone: "UTC" }, dynamic: true },
  { type: "tool-approval-request", approvalId: "a", toolCallId: "t" },
  { type: "tool-approval-response", approvalId: "a", approved: true },
  { type: "tool-output-available", toolCallId: "t", output: { time: "noon" }, dynamic: true },
  { type: "finish-step" },
  { type: "start-step" },
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "It is " },
  { type: "text-delta", id: "0", delta: "noon." },
  { type: "text-end", id: "0" },
];

it("[SE88] chunks that come again are passed over", () => {
  const once = run(take(CHUNKS.slice(0, 4)), running).state;
  expect(run(take(CHUNKS.slice(0, 4)), once).state.running).toEqual(once.running);
});

describe("rewind", () => {
  it("[WB51] leaves exactly what there was after its sequence, whichever it is", () => {
    const whole = run(take(CHUNKS), running).state;
    for (let sequence = -1; sequence < CHUNKS.length; sequence += 1) {
      const { state } = run([rewind(sequence)], whole);
      const fresh = run(take(CHUNKS.slice(0, sequence + 1)), running).state;
      expect(state.running?.answer).toEqual(fresh.running?.answer);
      expect(state.running?.log).toEqual(fresh.running?.log);
      expect(state.running).toMatchObject({ generation: 1, turn: { generation: 1 } });
      // What takes its place follows at once.
      const again = run(take(CHUNKS.slice(sequence + 1), sequence + 1), state);
      expect(again.state.running?.answer).toEqual(whole.running?.answer);
      expect(again.effects.flat()).toEqual([]);
    }
  });

  it("[WB51] to nothing starts anew, and the next resume has no cursor", () => {
    const { state } = run([...take(CHUNKS), rewind(-1), CUT, hello(1)], running);
    expect(state.running).toMatchObject({ answer: EMPTY_ANSWER, log: null });
    const { effects } = run([CUT, hello(1)], state);
    expect(lastFrames(effects)).toEqual([{ ...RESUME, generation: 1 }]);
  });

  it("[WB51] behind what has arrived asks for what lies between", () => {
    const { effects } = run([...take(CHUNKS.slice(0, 3)), rewind(7), ...take(CHUNKS.slice(8), 8)], running);
    expect(effects.flat()).toEqual([
      { type: "send-frame", frame: { ...RESUME, generation: 1, lastSequence: 2 } },
    ]);
  });

  it("[WB51] of another turn changes nothing", () => {
    const before = run(take(CHUNKS), running).state;
    const other = frame({ type: "rewind", requestId: "other", generation: 9, sequence: 0 });
    expect(run([other], before).state).toBe(before);
  });

  it("[WB51] many crashes later the answer is the one of a page that saw none", () => {
    const crashes = fc.array(fc.record({ seen: fc.nat(19), stored: fc.nat(19) }), { maxLength: 6 });
    fc.assert(
      fc.property(crashes, (lives) => {
        let state = running;
        let next = 0;
        lives.forEach(({ seen, stored }, index) => {
          const upTo = Math.max(next, seen);
          state = run(take(CHUNKS.slice(next, upTo), next), state).state;
          const sequence = Math.min(stored, upTo) - 1;
          state = run([CUT, hello(index + 1), rewind(sequence, index + 1)], state).state;
          next = sequence + 1;
        });
        state = run(take(CHUNKS.slice(next), next), state).state;
        expect(state.running?.answer).toEqual(run(take(CHUNKS), running).state.running?.answer);
      }),
    );
  });
});

describe("generations", () => {
  it("[WB52] a cursor carries the one it was seen in until a chunk of the next arrives", () => {
    const seen = run(take(CHUNKS.slice(0, 4)), running).state;
    const back = run([CUT, hello(1)], seen);
    expect(lastFrames(back.effects)).toEqual([{ ...RESUME, generation: 0, lastSequence: 3 }]);
    const lostAgain = run([CUT, hello(1)], back.state);
    expect(lastFrames(lostAgain.effects)).toEqual([{ ...RESUME, generation: 0, lastSequence: 3 }]);
    const went = run([...take(CHUNKS.slice(4, 6), 4), CUT, hello(2)], back.state);
    expect(lastFrames(went.effects)).toEqual([{ ...RESUME, generation: 1, lastSequence: 5 }]);
  });

  it("[WB52] a turn that begins again on the same socket starts from nothing", () => {
    const seen = run([...take(CHUNKS.slice(0, 8)), { type: "stop" }], running).state;
    expect(run([started()], seen).state).toBe(seen);
    const { state } = run([started({ ...TURN, generation: 1 })], seen);
    expect(state.running).toMatchObject({ answer: EMPTY_ANSWER, log: null, generation: 1, stopping: true });
    const whole = run(take(CHUNKS), state).state;
    expect(whole.running?.answer).toEqual(run(take(CHUNKS), running).state.running?.answer);
  });

  it("[WB52] what is durable is remembered, and only of this life of the turn", () => {
    const durable = (sequence: number, generation = 0): ChatEvent =>
      frame({ type: "durable", requestId: TURN.requestId, generation, sequence });
    const { state } = run([...take(CHUNKS.slice(0, 9)), durable(5), durable(3), durable(8, 4)], running);
    expect(state.running?.durableSequence).toBe(5);
    expect(run([rewind(5)], state).state.running?.durableSequence).toBe(5);
    expect(run([rewind(-1)], state).state.running?.durableSequence).toBe(-1);
  });
});

describe("acknowledging", () => {
  const chunkOf = (requestId: string, sequence: number): LiveServerFrame =>
    makeChunkFrame(sequence, { type: "start-step" }, requestId);

  it("[WB53] says what has arrived after every 32 KiB of chunks, for each stream by itself", () => {
    const half = ACK_EVERY_BYTES / 2;
    const arrivals: [LiveServerFrame, number][] = [
      [chunkOf("a", 0), half],
      [chunkOf("b", 0), half],
      [makeHello([]), ACK_EVERY_BYTES],
      [chunkOf("a", 1), half - 1],
      [chunkOf("a", 2), 1],
      [chunkOf("a", 3), half],
      [chunkOf("b", 1), ACK_EVERY_BYTES],
      [chunkOf("a", 4), half],
    ];
    let meter: AckMeter = {};
    const acks = arrivals.map(([arrived, bytes]) => {
      const counted = countArrival(meter, arrived, bytes);
      meter = counted.meter;
      return counted.ack;
    });
    expect(acks.filter((ack) => ack !== null)).toEqual([
      { type: "ack", requestId: "a", sequence: 2 },
      { type: "ack", requestId: "b", sequence: 1 },
      { type: "ack", requestId: "a", sequence: 4 },
    ]);
  });
});
