/** One turn on a virtual clock: what is shown and stored when, how it ends, how it goes on behind a crash. */
import { describe, expect, it } from "vitest";
import { applyAnswerChunk, startAnswerDraft } from "../../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import type { AnswerOutcome } from "../../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { readStoredTurn } from "../../../../src/session/turn/recover.ts";
import { runTurn, type StepInput } from "../../../../src/session/turn/run-turn.ts";
import { StreamLog } from "../../../../src/session/log/stream-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { NOW_MS, OTHER_TARGET, RECORD, SESSION, TARGET, toEnd, toLeg, TURN } from "../answer-fixtures.ts";
import { MemoryLogStore } from "../session-fakes.ts";

const FACTS = { ...TURN, sandbox: true, startedMs: NOW_MS };
const START: AnswerEvent = { type: "leg-start", target: TARGET, attempt: 1 };
const NEXT: AnswerEvent = { type: "leg-start", target: OTHER_TARGET, attempt: 2 };
const text = (delta: string): AnswerEvent => ({ type: "text-delta", text: delta });
const thought = (delta: string): AnswerEvent => ({ type: "reasoning-delta", text: delta });

type Step = { readonly afterMs: number; readonly events: readonly AnswerEvent[] };
interface TurnOptions {
  readonly store?: MemoryLogStore;
  readonly hasStock?: boolean;
  readonly end?: (clock: VirtualClock) => Promise<AnswerOutcome>;
  /** How long it takes to store a model call that has called tools, which are left open. */
  readonly savingMs?: number;
}

function startTurn(
  steps: readonly Step[],
  { store = new MemoryLogStore(), hasStock = false, end, savingMs }: TurnOptions = {},
) {
  const clock = new VirtualClock();
  const log = new StreamLog(store);
  const resumed = readStoredTurn(log.readStored(), {
    turn: TURN,
    session: SESSION,
    question: "",
    sandbox: true,
    cause: "crash",
    nowMs: clock.nowMs(),
    newSelectionId: () => "sel_next",
    countLegs: (legs) => legs,
  });
  const inputs: StepInput[] = [];
  const shown: { readonly atMs: number; readonly upTo: number; readonly stored: number }[] = [];
  const startedMs = clock.nowMs();
  async function* startStep(
    input: StepInput,
  ): AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined> {
    inputs.push(input);
    // A network goes on while nobody reads: each step is due behind the one before it, read or not.
    let dueMs = startedMs;
    for (const step of steps) {
      dueMs += step.afterMs;
      if (dueMs > clock.nowMs()) await clock.sleep(dueMs - clock.nowMs());
      yield step.events;
    }
    const outcome = end === undefined ? { end: toEnd(), record: RECORD } : await end(clock);
    yield [outcome.end];
    return outcome;
  }
  const work = runTurn(
    {
      clock,
      log,
      draft: resumed?.draft ?? startAnswerDraft(),
      hasStock: () => hasStock,
      onNotStored: (error) => {
        throw error;
      },
      deliver: () =>
        shown.push({ atMs: clock.nowMs() - startedMs, upTo: log.nextSequence, stored: log.storedSequence }),
      startStep,
      saveModelCall: async () => {
        await clock.sleep(savingMs ?? 0);
        log.save();
      },
      runTools: savingMs === undefined ? null : () => Promise.reject(new Error("as far as here")),
    },
    FACTS,
    resumed,
  );
  return { clock, store, log, inputs, shown, work };
}

const read = (chunks: readonly string[]): AnswerChunk[] =>
  chunks.map((json) => AnswerChunk.parse(JSON.parse(json)));
const deltasOf = (chunks: readonly string[]): string[] =>
  read(chunks).flatMap((chunk) => (chunk.type === "text-delta" ? [chunk.delta] : []));

describe("pace", () => {
  it("[SE51] [SE52] [SE9] words are shown at once, and stored in steps that grow", async () => {
    const turn = startTurn([
      { afterMs: 100, events: [START, text("One")] },
      { afterMs: 10, events: [text(" two")] },
      { afterMs: 10, events: [text(" three")] },
      { afterMs: 200, events: [text(" four")] },
      { afterMs: 5_000, events: [text(" five")] },
    ]);
    await turn.clock.runUntil(turn.work);
    // Nobody waits for a word for longer than two frames take, and no two frames come closer than 60 ms.
    const shownAt = (upTo: number) => turn.shown.find((each) => each.upTo >= upTo)?.atMs;
    expect(shownAt(5)).toBe(100);
    const frames = turn.shown.filter(({ upTo }, index) => upTo !== turn.shown[index - 1]?.upTo);
    const gaps = frames.slice(1).map(({ atMs }, index) => atMs - (frames[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(60);
    expect(frames.find(({ atMs }) => atMs > 110)?.atMs).toBeLessThanOrEqual(230);
    expect(turn.shown.filter(({ stored }) => stored > 0).map(({ atMs }) => atMs)).toEqual([350, 5_320]);
    expect(deltasOf(turn.store.readAll()).join("")).toBe("One two three four five");
  });

  it("[SE50] of fifteen seconds and 800 words seven rows are appended to, however many reads there are", async () => {
    const steps = Array.from({ length: 800 }, (_, index) => ({
      afterMs: 19,
      events: index === 0 ? [START, text("x")] : [text("x")],
    }));
    const [alone, withStock] = [startTurn(steps), startTurn(steps, { hasStock: true })];
    await alone.clock.runUntil(alone.work);
    await withStock.clock.runUntil(withStock.work);
    expect(alone.store.rows).toHaveLength(7);
    expect(withStock.store.rows.length).toBeLessThanOrEqual(15_200 / 250 + 1);
    expect(withStock.store.rows.length).toBeGreaterThan(40);
  });

  it("[SE9] a stream that comes in many small reads is not slowed by the pace of sending", async () => {
    const steps = Array.from({ length: 900 }, (_, index) => ({
      afterMs: 2,
      events: index === 0 ? [START, text("x")] : [text("x")],
    }));
    const turn = startTurn(steps);
    const startedMs = turn.clock.nowMs();
    await turn.clock.runUntil(turn.work);
    expect(turn.clock.nowMs() - startedMs).toBeLessThan(1_800 + 100);
    const times = turn.shown.map(({ atMs }) => atMs);
    expect(turn.shown.length).toBeLessThan(1_800 / 60 + 10);
    expect(times.at(-1)).toBeLessThan(1_900);
  });

  it("[SE9] nothing is left behind: no timer runs after the end", async () => {
    const turn = startTurn([
      { afterMs: 1, events: [START, text("One")] },
      { afterMs: 1, events: [text(" two")] },
    ]);
    await turn.clock.runUntil(turn.work);
    expect(turn.clock.pendingTimers).toBe(0);
    expect(turn.shown).toHaveLength(1);
    // What is pending goes with the terminal chunks, in the caller's own transaction.
    expect(turn.store.rows).toEqual([]);
    turn.log.save();
    expect(turn.store.rows).toHaveLength(1);
    expect(deltasOf(turn.store.readAll())).toEqual(["One", " two"]);
    expect(read(turn.store.readAll()).at(-1)).toMatchObject({ type: "finish" });
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
      costMicroUsd: 7,
      sandbox: true,
      notice: null,
    });
    expect(result.records).toEqual([RECORD]);
    expect(turn.inputs).toMatchObject([{ earlier: null, mayCallTools: true }]);
  });

  it("[SE1] an answer that throws leaves what was stored, and no timer", async () => {
    const turn = startTurn(
      [
        { afterMs: 1, events: [START, text("One")] },
        { afterMs: 300, events: [text(" two")] },
      ],
      { end: () => Promise.reject(new Error("a bug")) },
    );
    await expect(turn.clock.runUntil(turn.work)).rejects.toThrow("a bug");
    expect(turn.clock.pendingTimers).toBe(0);
    expect(deltasOf(turn.store.readAll())).toEqual(["One"]);
  });

  it("[SE43] while the record of a model call cannot be stored its words are not stored without it", async () => {
    const call: AnswerEvent = { type: "tool-call", toolCallId: "c1", toolName: "look", input: "{}" };
    const turn = startTurn(
      [
        { afterMs: 1, events: [START, text("One")] },
        { afterMs: 9, events: [call] },
      ],
      {
        savingMs: 5_000,
      },
    );
    const ended = turn.work.catch((error: unknown) => error);
    await turn.clock.advance(4_000);
    expect([turn.log.nextSequence > 0, turn.log.storedSequence]).toEqual([true, 0]);
    expect(await turn.clock.runUntil(ended)).toMatchObject({ message: "as far as here" });
    expect(read(turn.store.readAll()).map(({ type }) => type)).toContain("tool-input-available");
  });

  it("[SE91] a call that the output limit came behind does not make the answer one that stopped for it", async () => {
    const call: AnswerEvent = { type: "tool-call", toolCallId: "c1", toolName: "look", input: "{}" };
    const finishOf = async (finishReason: "length" | "stop"): Promise<unknown> => {
      const end = async () => ({ end: toEnd({ finishReason }), record: RECORD });
      const turn = startTurn([{ afterMs: 1, events: [START, call] }], { end });
      return (await turn.clock.runUntil(turn.work)).end.finishReason;
    };
    expect([await finishOf("stop"), await finishOf("length")]).toEqual(["tool-calls", "length"]);
  });

  it("[SE60] an answer that another target went on with is one text in one block", async () => {
    const legs = [toLeg(), toLeg(OTHER_TARGET)];
    const turn = startTurn(
      [
        { afterMs: 1, events: [START, text("One")] },
        { afterMs: 500, events: [NEXT, text(" two")] },
      ],
      { end: async () => ({ end: toEnd({ legs, costMicroUsd: 14 }), record: RECORD }) },
    );
    const { parts, receipt } = await turn.clock.runUntil(turn.work);
    expect(parts).toEqual([{ type: "step-start" }, { type: "text", text: "One two", state: "done" }]);
    expect(receipt).toMatchObject({ legs, costMicroUsd: 14 });
  });

  it("[SE61] a target that broke in its thoughts leaves none of them", async () => {
    const turn = startTurn([
      { afterMs: 1, events: [START, thought("Hm")] },
      { afterMs: 500, events: [NEXT, thought("Well"), text("One")] },
    ]);
    const { parts } = await turn.clock.runUntil(turn.work);
    expect(parts.map((part) => ("text" in part ? part.text : part.type))).toEqual([
      "step-start",
      "Well",
      "One",
    ]);
  });
});

describe("behind a crash", () => {
  const interrupted = async (): Promise<MemoryLogStore> => {
    const turn = startTurn([
      { afterMs: 1, events: [START, thought("Hm"), text("One")] },
      { afterMs: 1_200, events: [text(" two")] },
      { afterMs: 60_000, events: [text(" never")] },
    ]);
    await turn.clock.advance(5_000);
    return turn.store;
  };

  it("[SE40] the call is told what was shown, and what it says goes on in the same block and the same log", async () => {
    const store = await interrupted();
    const before = store.readAll();
    const turn = startTurn([{ afterMs: 10, events: [NEXT, text(" three")] }], { store });
    const { parts, receipt } = await turn.clock.runUntil(turn.work);
    expect(turn.inputs).toMatchObject([
      { done: [], earlier: { text: "One two", legs: [TARGET] }, mayCallTools: true },
    ]);
    expect(parts).toEqual([
      { type: "step-start" },
      { type: "reasoning", text: "Hm", state: "done" },
      { type: "text", text: "One two three", state: "done" },
    ]);
    expect(receipt.status).toBe("complete");
    turn.log.save();
    expect(store.readAll().slice(0, before.length)).toEqual(before);
    const draft = startAnswerDraft();
    for (const chunk of read(store.readAll())) applyAnswerChunk(draft, chunk);
    expect(draft.parts).toEqual(parts);
    expect(read(store.readAll()).filter(({ type }) => type === "start")).toHaveLength(1);
  });

  it("[SE51] its first words are stored at once where a stock client follows", async () => {
    const store = await interrupted();
    const rows = store.rows.length;
    const turn = startTurn([{ afterMs: 10, events: [NEXT, text(" three")] }], { store, hasStock: true });
    await turn.clock.runUntil(turn.work);
    expect(store.rows).toHaveLength(rows + 1);
    expect(deltasOf(store.readAll()).at(-1)).toBe(" three");
  });
});
