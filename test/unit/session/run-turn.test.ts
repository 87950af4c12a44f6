/** One turn on a virtual clock: what is stored when, and that nobody sees what is not. */
import { describe, expect, it } from "vitest";
import { startAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../src/protocol/session-frame.ts";
import type { AnswerOutcome } from "../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { runTurn } from "../../../src/session/run-turn.ts";
import { StreamLog, type FlushedChunks, type StreamLogStore } from "../../../src/session/stream-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { RECORD, TARGET, toEnd } from "./answer-fixtures.ts";

const FACTS = { messageId: "a1", turnId: "turn_1", selectionId: "sel_1", requested: ["fast"], sandbox: true };
const START: AnswerEvent = { type: "leg-start", target: TARGET, attempt: 1 };
const text = (delta: string): AnswerEvent => ({ type: "text-delta", text: delta });

class MemoryLogStore implements StreamLogStore {
  readonly rows: (readonly string[])[] = [];

  append(firstSequence: number, chunks: readonly string[]): void {
    if (firstSequence !== this.rows.flat().length) throw new Error(`a gap before ${firstSequence}`);
    this.rows.push(chunks);
  }

  readAll(): string[] {
    return this.rows.flat();
  }
}

type Step = { readonly afterMs: number; readonly events: readonly AnswerEvent[] };

function startTurn(
  steps: readonly Step[],
  end: (clock: VirtualClock) => Promise<AnswerOutcome> = async () => ({ end: toEnd(), record: RECORD }),
) {
  const clock = new VirtualClock();
  const store = new MemoryLogStore();
  const log = new StreamLog(store);
  const sent: (FlushedChunks & { readonly atMs: number })[] = [];
  const startedMs = clock.nowMs();
  async function* answer(): AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined> {
    for (const step of steps) {
      await clock.sleep(step.afterMs);
      yield step.events;
    }
    return end(clock);
  }
  const send = (flushed: FlushedChunks): void => {
    // Whatever is sent is stored already.
    expect(store.rows.at(-1)).toEqual(flushed.chunks);
    sent.push({ ...flushed, atMs: clock.nowMs() - startedMs });
  };
  const work = runTurn({ clock, log, send, draft: startAnswerDraft(), answer: answer() }, FACTS);
  return { clock, store, log, sent, work };
}

const deltasOf = (chunks: readonly string[]): string[] =>
  chunks.flatMap((json) => {
    const chunk = AnswerChunk.parse(JSON.parse(json));
    return chunk.type === "text-delta" ? [chunk.delta] : [];
  });

describe("pace", () => {
  it("[SE7] [SE9] the first word is stored and sent at once, the next ones together after 60 ms", async () => {
    const turn = startTurn([
      { afterMs: 100, events: [START, text("One")] },
      { afterMs: 10, events: [text(" two")] },
      { afterMs: 10, events: [text(" three")] },
      { afterMs: 200, events: [text(" four")] },
    ]);
    await turn.clock.runUntil(turn.work);
    expect(turn.sent.map(({ atMs, chunks }) => [atMs, deltasOf(chunks)])).toEqual([
      [100, ["One"]],
      [160, [" two", " three"]],
      [320, [" four"]],
    ]);
    expect(turn.sent.map((flushed) => flushed.firstSequence)).toEqual([0, 5, 7]);
  });

  it("[SE9] of a fast answer one row every 60 ms is written, however many reads there are", async () => {
    const steps = Array.from({ length: 600 }, (_, index) => ({
      afterMs: 1,
      events: index === 0 ? [START, text("x")] : [text("x")],
    }));
    const turn = startTurn(steps);
    await turn.clock.runUntil(turn.work);
    expect(turn.store.rows.length).toBeLessThanOrEqual(11);
    const times = turn.sent.map((flushed) => flushed.atMs);
    expect(times.slice(1).every((atMs, index) => atMs - (times[index] ?? 0) >= 60)).toBe(true);
  });

  it("[SE9] nothing is left behind: no timer runs after the end", async () => {
    const turn = startTurn([
      { afterMs: 1, events: [START, text("One")] },
      { afterMs: 1, events: [text(" two")] },
    ]);
    await turn.clock.runUntil(turn.work);
    expect(turn.clock.pendingTimers).toBe(0);
    expect(turn.sent).toHaveLength(1);
    // What is pending goes with the terminal chunks, in the caller's own transaction.
    const flushed = turn.log.flush();
    expect(deltasOf(flushed?.chunks ?? [])).toEqual([" two"]);
    expect(flushed?.chunks.at(-1)).toContain('"type":"finish"');
    expect(flushed?.firstSequence).toBe(turn.sent[0]?.chunks.length);
  });
});

describe("the end", () => {
  it("[SE1] [SE2] [SE3] gives the message, and the receipt of what the answer was", async () => {
    const turn = startTurn([{ afterMs: 1, events: [START, text("One")] }]);
    const result = await turn.clock.runUntil(turn.work);
    expect(result.parts).toEqual([{ type: "step-start" }, { type: "text", text: "One", state: "done" }]);
    expect(result.receipt).toMatchObject({
      status: "complete",
      turnId: "turn_1",
      selectionId: "sel_1",
      legs: [TARGET],
      attempts: 0,
      firstTokenMs: 40,
      durationMs: 90,
      costMicroUsd: 7,
      sandbox: true,
      notice: null,
    });
    expect(result.record).toBe(RECORD);
  });

  it("[SE1] an answer that throws leaves what was stored, and no timer", async () => {
    const turn = startTurn(
      [
        { afterMs: 1, events: [START, text("One")] },
        { afterMs: 1, events: [text(" two")] },
      ],
      () => Promise.reject(new Error("a bug")),
    );
    await expect(turn.clock.runUntil(turn.work)).rejects.toThrow("a bug");
    expect(turn.clock.pendingTimers).toBe(0);
    expect(deltasOf(turn.store.readAll())).toEqual(["One"]);
  });
});

describe("the log", () => {
  it("[SE8] goes on where it ended when it is opened again", () => {
    const store = new MemoryLogStore();
    const log = new StreamLog(store);
    expect(log.flush()).toBeNull();
    log.append([{ type: "start-step" }, { type: "text-start", id: "t" }]);
    expect([log.hasPending, log.nextSequence]).toEqual([true, 0]);
    expect(log.flush()).toEqual({
      firstSequence: 0,
      chunks: ['{"type":"start-step"}', '{"type":"text-start","id":"t"}'],
    });
    const again = new StreamLog(store);
    expect(again.nextSequence).toBe(2);
    again.append([{ type: "abort" }]);
    expect(again.flush()).toEqual({ firstSequence: 2, chunks: ['{"type":"abort"}'] });
    expect(again.readFrom(1)).toEqual(['{"type":"text-start","id":"t"}', '{"type":"abort"}']);
    expect(again.readFrom(9)).toEqual([]);
  });

  it("[SE7] shows nobody what is not stored: a store that fails sends nothing", () => {
    const failing: StreamLogStore = {
      append: () => {
        throw new Error("the disk is full");
      },
      readAll: () => [],
    };
    const log = new StreamLog(failing);
    log.append([{ type: "start-step" }]);
    expect(() => log.flush()).toThrow("the disk is full");
    expect(log.readFrom(0)).toEqual([]);
  });
});
