/** What becomes of a turn that a crash left running, from its stored chunks alone. */
import { describe, expect, it } from "vitest";
import { applyAnswerChunk, closeAnswerDraft, startAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../src/protocol/session-frame.ts";
import { SelectionRecord } from "../../../src/protocol/selection.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { AnswerWriter } from "../../../src/session/answer-writer.ts";
import { recoverTurn, type RecoverFacts } from "../../../src/session/recover.ts";
import { NOW_MS, RECEIPT, SESSION, TARGET, TURN } from "./answer-fixtures.ts";

const EVENTS: readonly AnswerEvent[] = [
  { type: "leg-start", target: TARGET, attempt: 1 },
  { type: "reasoning-delta", text: "Hm." },
  { type: "text-delta", text: "One" },
  { type: "tool-call", toolCallId: "c1", toolName: "f", input: '{"a":1}' },
  { type: "text-delta", text: "two" },
  { type: "tool-input-start", toolCallId: "c2", toolName: "f" },
  { type: "tool-input-delta", toolCallId: "c2", text: '{"a"' },
];

function toFacts(changes: Partial<RecoverFacts> = {}): RecoverFacts {
  return {
    turn: TURN,
    session: SESSION,
    question: "Refactor this TypeScript function: ```x```",
    sandbox: true,
    nowMs: NOW_MS + 5_000,
    ...changes,
  };
}

/** All chunks of the answer so far, one event a batch, as they are stored. */
function toStored(): string[] {
  const writer = new AnswerWriter(RECEIPT);
  return [...writer.start("a1"), ...EVENTS.flatMap((event) => writer.write([event]))].map((chunk) =>
    JSON.stringify(chunk),
  );
}

const stopped = toFacts({ turn: { ...TURN, stopRequested: true } });

describe("a recovered turn", () => {
  it("[SE40] keeps every stored word, wherever the crash fell", () => {
    const stored = toStored();
    for (let count = 0; count <= stored.length; count += 1) {
      const kept = stored.slice(0, count);
      const draft = startAnswerDraft();
      for (const chunk of kept) applyAnswerChunk(draft, AnswerChunk.parse(JSON.parse(chunk)));
      const textBefore = draft.parts.map((part) => ("text" in part ? part.text : "")).join("");
      const recovered = recoverTurn(kept, toFacts());
      expect(recovered.parts.map((part) => ("text" in part ? part.text : "")).join("")).toBe(textBefore);
      expect(recovered.receipt.status).toBe(textBefore === "" ? "failed" : "incomplete");
      // A client that goes on from its own chunks with the last ones ends with the stored message.
      for (const chunk of recovered.terminalChunks) applyAnswerChunk(draft, AnswerChunk.parse(chunk));
      expect(closeAnswerDraft(draft)).toEqual(recovered.parts);
      expect(recovered.terminalChunks.at(-1)).toEqual({ type: "error", errorText: recovered.receipt.notice });
      expect(SelectionRecord.parse(recovered.record).status).toBe(recovered.receipt.status);
    }
  });

  it("[SE40] closes the blocks that are open, and keeps no torn tool call", () => {
    const recovered = recoverTurn(toStored(), toFacts());
    expect(recovered.parts.map((part) => part.type)).toEqual([
      "step-start",
      "reasoning",
      "text",
      "dynamic-tool",
      "text",
    ]);
    const open = recoverTurn(toStored().slice(0, 5), toFacts());
    expect(open.terminalChunks[0]).toEqual({ type: "reasoning-end", id: "reasoning-0" });
  });

  it("[SE40] is cancelled when somebody had asked for it, with words or without", () => {
    for (const chunks of [[], toStored()]) {
      const recovered = recoverTurn(chunks, stopped);
      expect(recovered.receipt).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
      expect(recovered.terminalChunks.at(-1)).toEqual({ type: "abort" });
    }
  });

  it("[SE2] [SE43] has a receipt and a record of what is still known", () => {
    const { receipt, record } = recoverTurn(toStored(), toFacts());
    expect(receipt).toMatchObject({
      turnId: "turn_1",
      selectionId: "sel_1",
      legs: [TARGET],
      attempts: 1,
      costMicroUsd: null,
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
      costMicroUsd: null,
    });
    expect(recoverTurn([], toFacts()).record).toMatchObject({ provider: null, model: null, affinity: false });
  });

  it.each([
    [[], "auto"],
    [["fast"], "class"],
    [["openai/gpt-6-luna"], "pinned"],
    [["fast", "openai/gpt-6-luna"], "list"],
  ])("[SE43] that asked for %j was of mode %s", (requested, mode) => {
    expect(recoverTurn([], toFacts({ turn: { ...TURN, requested } })).record.mode).toBe(mode);
  });
});
