/** What becomes of a turn that a crash left running, from its stored chunks alone. */
import { describe, expect, it } from "vitest";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
} from "../../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import { SelectionRecord } from "../../../../src/protocol/selection.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { AnswerWriter } from "../../../../src/session/log/answer-writer.ts";
import { countLegs } from "../../../../src/session/turn/count-legs.ts";
import {
  endStoredTurn,
  MAX_RECOVERIES,
  mayGoOn,
  readStoredTurn,
  type RecoverFacts,
} from "../../../../src/session/turn/recover.ts";
import { toReceipt } from "../../../../src/session/turn/turn-receipt.ts";
import {
  NOW_MS,
  OTHER_TARGET,
  RECEIPT,
  RECORD,
  SESSION,
  TARGET,
  toEnd,
  toLeg,
  TURN,
} from "../answer-fixtures.ts";

const START: AnswerEvent = { type: "leg-start", target: TARGET, attempt: 1 };
const NEXT: AnswerEvent = { type: "leg-start", target: OTHER_TARGET, attempt: 2 };
const text = (delta: string): AnswerEvent => ({ type: "text-delta", text: delta });
const thought = (delta: string): AnswerEvent => ({ type: "reasoning-delta", text: delta });
const EVENTS: readonly AnswerEvent[] = [
  START,
  thought("Hm."),
  text("One"),
  { type: "tool-call", toolCallId: "c1", toolName: "f", input: '{"a":1}' },
  text("two"),
  { type: "tool-input-start", toolCallId: "c2", toolName: "f" },
  { type: "tool-input-delta", toolCallId: "c2", text: '{"a"' },
];

function toFacts(changes: Partial<RecoverFacts> = {}): RecoverFacts {
  return {
    turn: TURN,
    session: SESSION,
    question: "Refactor this TypeScript function: ```x```",
    sandbox: true,
    cause: "crash",
    nowMs: NOW_MS + 5_000,
    newSelectionId: () => "sel_next",
    countLegs: (legs) => [...legs],
    ...changes,
  };
}

/** All chunks of the answer so far, one event a batch, as they are stored. */
function toStored(events: readonly AnswerEvent[] = EVENTS): string[] {
  const writer = new AnswerWriter(RECEIPT);
  return [...writer.start("a1"), ...events.flatMap((event) => writer.write([event]))].map((chunk) =>
    JSON.stringify(chunk),
  );
}

const read = (stored: readonly string[]) => {
  const turn = readStoredTurn(stored, toFacts());
  if (turn === null) throw new Error("nothing is stored");
  return turn;
};
const end = (stored: readonly string[], facts = toFacts()) =>
  endStoredTurn(readStoredTurn(stored, facts), facts);
const stopped = toFacts({ turn: { ...TURN, stopRequested: true } });

describe("whether it goes on", () => {
  it.each([
    [{}, true],
    [{ generation: MAX_RECOVERIES - 1 }, true],
    [{ generation: MAX_RECOVERIES }, false],
    [{ stopRequested: true }, false],
    [{ startedMs: NOW_MS - 9_999 }, true],
    [{ startedMs: NOW_MS - 10_000 }, false],
    [{ createdAtMs: NOW_MS - 10_000 }, true],
  ])("[SE44] [SE26] [SE173] with %j: %s", (change, expected) => {
    const { startedMs, ...turn } = { startedMs: NOW_MS, ...TURN, ...change };
    expect(mayGoOn(turn, startedMs, 10_000, NOW_MS)).toBe(expected);
  });
});

describe("what is read back", () => {
  it("[SE40] nothing, when not even the beginning is stored", () => {
    expect(readStoredTurn([], toFacts())).toBeNull();
  });

  it("[SE40] the words that were shown, who said them, and where the message stands", () => {
    const turn = read(toStored([START, thought("Hm."), text("One"), text(" two")]));
    expect(turn.earlier).toMatchObject({ text: "One two", legs: [TARGET], firstTokenMs: null });
    expect(turn.draft.parts).toEqual([
      { type: "step-start" },
      { type: "reasoning", text: "Hm.", state: "done" },
      { type: "text", text: "One two", state: "streaming" },
    ]);
    expect(turn.legs).toMatchObject([TARGET]);
    expect(turn.receipt).toMatchObject({ legs: [], status: "streaming" });
  });

  it("[SE61] thoughts alone are no words to go on from: the next leg takes them back", () => {
    const turn = read(toStored([START, thought("Hm.")]));
    expect(turn.earlier).toMatchObject({ text: "", legs: [TARGET] });
    expect(turn.writer.write([NEXT]).map(({ type }) => type)).toEqual(["reset-step", "message-metadata"]);
  });

  it("[SE46] what came of each leg, thoughts included, so that it can be counted", () => {
    const turn = read(toStored([START, thought("1234"), text("12345678"), NEXT, text("12")]));
    expect(turn.earlier).toMatchObject({ legs: [TARGET, OTHER_TARGET], charactersOfLegs: [12, 2] });
    expect(turn.earlier?.attempts).toMatchObject([
      { ...TARGET, outcome: "failure", error: expect.stringContaining("interrupted") },
      { ...OTHER_TARGET, outcome: "failure" },
    ]);
  });

  it("[SE273] calls that gave no word before it are counted on: by the next life, its writer, and its end", () => {
    const stored = toStored([{ ...START, attempt: 2 }, text("One"), { ...NEXT, attempt: 4 }, text("two")]);
    const turn = read(stored);
    expect([turn.receipt.attempts, turn.earlier?.attempts.length]).toEqual([2, 2]);
    expect(end(stored).receipt.attempts).toBe(4);
    const next = turn.writer.write([{ ...START, attempt: 3 }, text("three")]);
    expect(next[0]).toMatchObject({ type: "message-metadata", messageMetadata: { attempts: 5 } });
    const known = turn.earlier?.attempts ?? [];
    const outcome = toEnd({ attempts: [...known, ...known.slice(0, 1)] });
    const outcomes = [{ end: outcome, record: RECORD }];
    const receipt = toReceipt({ before: turn.receipt, outcomes, end: outcome, durationMs: 1 });
    expect(receipt.attempts).toBe(5);
  });

  it("[SE46] [SE61] thoughts that were taken back were paid for all the same", () => {
    const turn = read(toStored([START, thought("1234"), NEXT, thought("12"), text("123")]));
    expect(turn.earlier).toMatchObject({ text: "123", charactersOfLegs: [4, 5] });
  });

  it("[SE40] between two steps nothing was shown of the next one", () => {
    const writer = new AnswerWriter(RECEIPT);
    const events: readonly AnswerEvent[] = [START, text("Let me look"), ...EVENTS.slice(3, 4)];
    const chunks = [
      ...writer.start("a1"),
      ...writer.write(events),
      ...writer.endModelCall({ ...RECEIPT, legs: [toLeg()] }),
      { type: "tool-output-available" as const, toolCallId: "c1", output: 1, dynamic: true as const },
      ...writer.endStep(),
    ];
    const turn = read(chunks.map((chunk) => JSON.stringify(chunk)));
    expect(turn.earlier).toBeNull();
    expect(turn.receipt.legs).toEqual([toLeg()]);
  });

  it("[SE8] a log that holds what was never a chunk is an error, not a guess", () => {
    expect(() => read(['{"type":"of-a-later-version"}'])).toThrow("discriminator");
  });
});

describe("a turn that ends here", () => {
  it("[SE40] [SE45] keeps every stored word, wherever the crash fell", () => {
    const stored = toStored();
    for (let count = 0; count <= stored.length; count += 1) {
      const kept = stored.slice(0, count);
      const draft = startAnswerDraft();
      for (const chunk of kept) applyAnswerChunk(draft, AnswerChunk.parse(JSON.parse(chunk)));
      const textBefore = draft.parts.map((part) => ("text" in part ? part.text : "")).join("");
      const ended = end(kept);
      expect(ended.parts.map((part) => ("text" in part ? part.text : "")).join("")).toBe(textBefore);
      expect(ended.receipt.status).toBe(textBefore === "" ? "failed" : "incomplete");
      // A client that goes on from its own chunks with the last ones ends with the stored message.
      for (const chunk of ended.terminalChunks) applyAnswerChunk(draft, AnswerChunk.parse(chunk));
      expect(closeAnswerDraft(draft)).toEqual(ended.parts);
      expect(ended.terminalChunks.at(-1)).toEqual({ type: "error", errorText: ended.receipt.notice });
      expect(SelectionRecord.parse(ended.record).status).toBe(ended.receipt.status);
    }
  });

  it("[SE5] [SE40] closes the blocks that are open, and keeps no torn tool call", () => {
    expect(end(toStored()).parts.map((part) => part.type)).toEqual([
      "step-start",
      "reasoning",
      "text",
      "dynamic-tool",
      "text",
    ]);
    expect(end(toStored().slice(0, 5)).terminalChunks[0]).toEqual({
      type: "reasoning-end",
      id: "reasoning-0",
    });
  });

  it("[SE26] is cancelled when somebody had asked for it, with words or without", () => {
    for (const chunks of [[], toStored()]) {
      const ended = end(chunks, stopped);
      expect(ended.receipt).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
      expect(ended.terminalChunks.at(-1)).toEqual({ type: "abort" });
    }
  });

  it("[SE2] [SE43] has a receipt and a record of what is still known", () => {
    const { receipt, record } = end(toStored([START, thought("Hm."), text("One")]));
    expect(receipt).toMatchObject({
      turnId: "turn_1",
      selectionId: "sel_1",
      legs: [TARGET],
      attempts: 1,
    });
    expect(record).toMatchObject({
      id: "sel_1",
      requestId: "turn_1",
      sessionId: "chat_1",
      mode: "class",
      intent: "code",
      provider: "openai",
      model: "gpt-6-luna",
      affinity: true,
      durationMs: 5_000,
    });
    expect(end([]).record).toMatchObject({ provider: null, model: null, affinity: false });
  });

  it("[SE43] [RT67] has a record of its own for what came behind a step that is on record", () => {
    const facts = toFacts({
      countLegs: (legs) => legs.map((leg) => ({ ...leg, costMicroUsd: 5, estimated: true })),
    });
    const writer = new AnswerWriter(RECEIPT);
    const chunks = [
      ...writer.start("a1"),
      ...writer.write([
        START,
        text("One"),
        { type: "tool-call", toolCallId: "c1", toolName: "f", input: "{}" },
      ]),
      ...writer.endModelCall({ ...RECEIPT, legs: [toLeg()], attempts: 2, costMicroUsd: 12 }),
      { type: "tool-output-available" as const, toolCallId: "c1", output: 1, dynamic: true as const },
    ];
    const behindTools = end(
      chunks.map((chunk) => JSON.stringify(chunk)),
      facts,
    );
    expect(behindTools.record).toMatchObject({
      id: "sel_next",
      attempts: [],
      provider: null,
      costMicroUsd: null,
    });
    // The step that is on record cost its leg's 7, and 5 for a call that gave nothing.
    expect(behindTools.receipt).toMatchObject({ legs: [TARGET], costMicroUsd: 12 });
    chunks.push(...writer.endStep(), ...writer.write([NEXT, text("two")]));
    const inNextStep = end(
      chunks.map((chunk) => JSON.stringify(chunk)),
      facts,
    );
    expect(inNextStep.record).toMatchObject({ id: "sel_next", attempts: [OTHER_TARGET], costMicroUsd: 5 });
    expect(inNextStep.receipt).toMatchObject({ legs: [TARGET, OTHER_TARGET], costMicroUsd: 12 + 5 });
  });

  it("[SE47] leaves no call open: one without an output is told to have none", () => {
    const { parts, terminalChunks } = end(
      toStored([START, { type: "tool-call", toolCallId: "c1", toolName: "f", input: "{}" }]),
    );
    expect(parts.at(-1)).toMatchObject({ toolCallId: "c1", state: "output-error" });
    expect(terminalChunks[0]).toMatchObject({ type: "tool-output-error", toolCallId: "c1" });
  });

  it("[SE46] pays for what its legs gave, by an estimate where nobody counted", () => {
    const counted = toFacts({
      countLegs: (legs, charactersOfLegs) =>
        countLegs(legs, {
          charactersOfLegs,
          inputTokens: () => 50,
          priceUsage: (_, { outputTokens }) => (outputTokens ?? 0) * 2,
        }),
    });
    const { receipt, record } = end(
      toStored([START, thought("1234"), text("12345678"), NEXT, text("12")]),
      counted,
    );
    expect(receipt.legs).toMatchObject([
      { usage: { inputTokens: 50, outputTokens: 3 }, costMicroUsd: 6, estimated: true },
      { usage: { inputTokens: 50, outputTokens: 1 }, costMicroUsd: 2, estimated: true },
    ]);
    expect([receipt.costMicroUsd, record.costMicroUsd]).toEqual([8, 8]);
    expect(record.attempts.map(({ costMicroUsd }) => costMicroUsd)).toEqual([6, 2]);
    // Nobody can say what a call cost of which no word was stored.
    expect(end([], counted).receipt.costMicroUsd).toBeNull();
  });

  it("[SE46] leaves a leg alone that its provider has counted", () => {
    const leg = toLeg({ usage: { ...toLeg().usage, outputTokens: 9 } });
    const facts = { charactersOfLegs: [400], inputTokens: () => 1, priceUsage: () => 1 };
    expect(countLegs([leg], facts)).toEqual([leg]);
  });

  it.each([
    [[], "auto"],
    [["fast"], "class"],
    [["openai/gpt-6-luna"], "pinned"],
    [["fast", "openai/gpt-6-luna"], "list"],
  ])("[SE43] that asked for %j was of mode %s", (requested, mode) => {
    expect(end([], toFacts({ turn: { ...TURN, requested } })).record.mode).toBe(mode);
  });
});
