/** From an answer's events to the chunks on the wire, and back to a message; held against AI SDK's own reader. */
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
} from "../../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import type { AnswerEnd, AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { AnswerWriter } from "../../../../src/session/log/answer-writer.ts";
import { OTHER_TARGET, RECEIPT, TARGET, toEnd } from "../answer-fixtures.ts";

const START: AnswerEvent = { type: "leg-start", target: TARGET, attempt: 1 };
const text = (delta: string): AnswerEvent => ({ type: "text-delta", text: delta });
const thought = (delta: string): AnswerEvent => ({ type: "reasoning-delta", text: delta });
const call = (toolCallId: string, input = "{}"): AnswerEvent => ({
  type: "tool-call",
  toolCallId,
  toolName: "f",
  input,
});
const callStart = (toolCallId: string): AnswerEvent => ({
  type: "tool-input-start",
  toolCallId,
  toolName: "f",
});
const callDelta = (toolCallId: string, delta: string): AnswerEvent => ({
  type: "tool-input-delta",
  toolCallId,
  text: delta,
});

/** Every chunk of an answer whose events come in these batches. */
function write(batches: readonly (readonly AnswerEvent[])[], end: AnswerEnd = toEnd()): AnswerChunk[] {
  const writer = new AnswerWriter(RECEIPT);
  const receipt = {
    ...RECEIPT,
    status: end.status,
    notice: end.status === "complete" ? null : "A sentence.",
  };
  return [
    ...writer.start("a1"),
    ...batches.flatMap((batch) => writer.write(batch)),
    ...writer.end(end, receipt),
  ];
}

function toParts(chunks: readonly AnswerChunk[]) {
  const draft = startAnswerDraft();
  for (const chunk of chunks) applyAnswerChunk(draft, chunk);
  return closeAnswerDraft(draft);
}

const types = (chunks: readonly AnswerChunk[]): string[] => chunks.map((chunk) => chunk.type);

describe("the end", () => {
  it.each([
    ["complete", "finish"],
    ["incomplete", "error"],
    ["failed", "error"],
    ["cancelled", "abort"],
  ] as const)(
    "[SE1] of a %s answer is one terminal chunk, `%s`, and the receipt says which",
    (status, last) => {
      const chunks = write(
        [[START, text("Hi")]],
        toEnd({ status, finishReason: status === "complete" ? "length" : null }),
      );
      const terminal = chunks.filter((chunk) => ["finish", "error", "abort"].includes(chunk.type));
      expect(types(terminal)).toEqual([last]);
      expect(chunks.at(-1)).toBe(terminal[0]);
      const receipts = chunks.flatMap((chunk) =>
        "messageMetadata" in chunk ? [chunk.messageMetadata.status] : [],
      );
      expect(receipts.at(-1)).toBe(status);
      expect(chunks.every((chunk) => AnswerChunk.safeParse(chunk).success)).toBe(true);
    },
  );

  it("[SE1] of an answer without a word opens and closes nothing", () => {
    expect(types(write([], toEnd({ status: "failed", legs: [] })))).toEqual([
      "start",
      "message-metadata",
      "error",
    ]);
  });

  it("[SE2] who answers is told with the first word", () => {
    const chunks = write([[START, text("Hi")]]);
    const metadata = chunks.find((chunk) => chunk.type === "message-metadata");
    expect(metadata).toMatchObject({ messageMetadata: { status: "streaming", legs: [TARGET] } });
    expect(types(chunks)).toEqual([
      "start",
      "start-step",
      "message-metadata",
      "text-start",
      "text-delta",
      "text-end",
      "finish-step",
      "finish",
    ]);
  });

  it("[SE2] a second leg goes on in the same step and the same block", () => {
    const chunks = write([
      [START, text("One")],
      [{ type: "leg-start", target: OTHER_TARGET, attempt: 2 }, text(" two")],
    ]);
    expect(types(chunks).filter((type) => type === "start-step" || type === "text-start")).toHaveLength(2);
    expect(toParts(chunks)).toEqual([
      { type: "step-start" },
      { type: "text", text: "One two", state: "done" },
    ]);
    expect(chunks.findLast((chunk) => chunk.type === "message-metadata")).toMatchObject({
      messageMetadata: { legs: [TARGET, OTHER_TARGET] },
    });
  });
});

/** What a writer says behind a crash that left the first `count` chunks of an answer. */
function writeBehind(chunks: readonly AnswerChunk[], count: number, ...events: AnswerEvent[]): AnswerChunk[] {
  const kept = chunks.slice(0, count);
  const receipt = kept.findLast((chunk) => "messageMetadata" in chunk)?.messageMetadata ?? RECEIPT;
  const writer = AnswerWriter.behind(kept, receipt);
  return [...kept, ...writer.write(events), ...writer.end(toEnd(), { ...RECEIPT, status: "complete" })];
}

const NEXT_LEG: AnswerEvent = { type: "leg-start", target: OTHER_TARGET, attempt: 2 };

describe("behind a crash", () => {
  it("[SE40] [SE60] an open text goes on in its own block, with the next leg told", () => {
    const chunks = write([[START, thought("Hm"), text("One")]]);
    const openText = chunks.findIndex((chunk) => chunk.type === "text-delta") + 1;
    const all = writeBehind(chunks, openText, NEXT_LEG, text(" two"));
    expect(toParts(all)).toEqual([
      { type: "step-start" },
      { type: "reasoning", text: "Hm", state: "done" },
      { type: "text", text: "One two", state: "done" },
    ]);
    expect(types(all).filter((type) => type === "start-step" || type === "text-start")).toHaveLength(2);
    expect(all.findLast((chunk) => chunk.type === "message-metadata")).toMatchObject({
      messageMetadata: { legs: [TARGET, OTHER_TARGET] },
    });
  });

  it("[SE61] [SE40] thoughts that led to no word are taken back before the next one thinks", () => {
    const chunks = write([[START, thought("Hm")]]);
    const openThought = chunks.findIndex((chunk) => chunk.type === "reasoning-delta") + 1;
    const all = writeBehind(chunks, openThought, NEXT_LEG, thought("Well"), text("One"));
    expect(types(all)).toContain("reset-step");
    expect(toParts(all)).toEqual([
      { type: "step-start" },
      { type: "reasoning", text: "Well", state: "done" },
      { type: "text", text: "One", state: "done" },
    ]);
  });

  it("[SE40] wherever it fell, blocks keep ids of their own and the text is one", () => {
    const chunks = write([[START, thought("Hm"), text("One"), call("c1"), text("two")]]);
    for (let count = 1; count < chunks.length - 2; count += 1) {
      const all = writeBehind(chunks, count, NEXT_LEG, text("!"));
      const opened = all.flatMap((chunk) =>
        chunk.type.endsWith("-start") && "id" in chunk ? [chunk.id] : [],
      );
      expect(new Set(opened).size).toBe(opened.length);
      const said = (given: readonly AnswerChunk[]): string =>
        toParts(given)
          .map((part) => (part.type === "text" ? part.text : ""))
          .join("");
      expect(said(all)).toBe(`${said(chunks.slice(0, count))}!`);
    }
  });

  it("[SE61] a target that broke while it was only thinking takes its thoughts with it, a crash or not", () => {
    const chunks = write([
      [START, thought("Hm")],
      [NEXT_LEG, thought("Well"), text("One")],
    ]);
    expect(toParts(chunks).map((part) => ("text" in part ? part.text : part.type))).toEqual([
      "step-start",
      "Well",
      "One",
    ]);
  });

  it("[SE61] one that had said nothing at all takes nothing back", () => {
    expect(types(write([[START], [NEXT_LEG, text("One")]]))).not.toContain("reset-step");
  });
});

describe("blocks", () => {
  it("[SE4] neighbouring deltas of one batch are one chunk, those of two batches are two", () => {
    const chunks = write([[START, text("a"), text("b"), text(""), text("c")], [text("d")]]);
    const deltas = chunks.flatMap((chunk) => (chunk.type === "text-delta" ? [chunk.delta] : []));
    expect(deltas).toEqual(["abc", "d"]);
  });

  it("[RT31] [RT100] tells when the first leg began, and keeps it", () => {
    const writer = new AnswerWriter({ ...RECEIPT, firstTokenMs: null });
    const chunks = [...writer.write([START, text("a")], 309), ...writer.write([START, text("b")], 2_000)];
    const times = chunks.flatMap((chunk) =>
      chunk.type === "message-metadata" ? [chunk.messageMetadata.firstTokenMs] : [],
    );
    expect(times).toEqual([309, 309]);
  });

  it("[SE4] a chunk that was handed out does not grow any more", () => {
    const writer = new AnswerWriter(RECEIPT);
    const first = writer.write([START, text("a")]);
    const before = JSON.stringify(first);
    writer.write([text("b")]);
    expect(JSON.stringify(first)).toBe(before);
  });

  it("[SE4] text, reasoning and tool calls do not share one, also when a call comes whole", () => {
    const chunks = write([
      [
        START,
        thought("Hm"),
        text("One"),
        call("c1"),
        text("two"),
        callStart("c2"),
        callDelta("c2", "{}"),
        call("c2"),
        text("three"),
      ],
    ]);
    expect(toParts(chunks).map((part) => ("text" in part ? part.text : part.type))).toEqual([
      "step-start",
      "Hm",
      "One",
      "dynamic-tool",
      "two",
      "dynamic-tool",
      "three",
    ]);
    const ids = chunks.flatMap((chunk) =>
      chunk.type === "text-start" || chunk.type === "reasoning-start" ? [chunk.id] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("[SE5] a tool call whose arguments never became whole is not kept", () => {
    const chunks = write(
      [[START, text("One"), callStart("c1"), callDelta("c1", '{"ci')]],
      toEnd({ status: "incomplete" }),
    );
    expect(toParts(chunks)).toEqual([{ type: "step-start" }, { type: "text", text: "One", state: "done" }]);
  });

  it("[SE5] a whole one is kept with its input", () => {
    const chunks = write([
      [
        START,
        callStart("c1"),
        callDelta("c1", '{"city":'),
        callDelta("c1", '"Oslo"}'),
        call("c1", '{"city":"Oslo"}'),
      ],
    ]);
    expect(toParts(chunks).at(-1)).toEqual({
      type: "dynamic-tool",
      toolCallId: "c1",
      toolName: "f",
      state: "input-available",
      input: { city: "Oslo" },
    });
  });
});

/** AI SDK's own idea of the message that these chunks make. */
async function readByAiSdk(chunks: readonly AnswerChunk[]): Promise<UIMessage | undefined> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk.type === "abort" ? { type: "abort" } : chunk);
      controller.close();
    },
  });
  let message: UIMessage | undefined;
  for await (const state of readUIMessageStream({ stream, onError: () => {} })) message = state;
  return message;
}

describe("the message", () => {
  const wholeCall = fc.string({ minLength: 1, maxLength: 4 }).map((value) => JSON.stringify({ value }));
  const event = fc.oneof(
    fc.string({ minLength: 1, maxLength: 6 }).map(text),
    fc.string({ minLength: 1, maxLength: 6 }).map(thought),
    wholeCall.map((input) => call("", input)),
  );
  const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { maxLength: 6 });
  const withIds = (given: readonly (readonly AnswerEvent[])[]): AnswerEvent[][] => {
    let calls = 0;
    const numbered = given.map((batch) =>
      batch.flatMap((one): AnswerEvent[] => {
        if (one.type !== "tool-call") return [one];
        calls += 1;
        const toolCallId = `call-${calls}`;
        const whole = { ...one, toolCallId };
        return calls % 2 === 0 ? [whole] : [callStart(toolCallId), callDelta(toolCallId, one.input), whole];
      }),
    );
    return [[START], ...numbered];
  };

  it("[SE3] is to AI SDK's reader what it is to ours, for any answer", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const chunks = write(withIds(given));
        const theirs = await readByAiSdk(chunks);
        const ours = toParts(chunks);
        expect(theirs?.id).toBe("a1");
        expect(
          theirs?.parts.map((part) => JSON.stringify(part)).map((json): unknown => JSON.parse(json)),
        ).toMatchObject(ours);
        expect(theirs?.parts).toHaveLength(ours.length);
      }),
      { numRuns: 60 },
    );
  });

  it("[SE3] does not depend on how the events were batched", () => {
    fc.assert(
      fc.property(batches, (given) => {
        const events = withIds(given);
        const alone = events.flat().map((one) => [one]);
        expect(toParts(write(events))).toEqual(toParts(write(alone)));
        expect(toParts(write([events.flat()]))).toEqual(toParts(write(alone)));
      }),
      { numRuns: 100 },
    );
  });

  it("[SE3] chunks for blocks that nobody opened change nothing", () => {
    const draft = startAnswerDraft();
    applyAnswerChunk(draft, { type: "text-delta", id: "text-9", delta: "lost" });
    applyAnswerChunk(draft, { type: "text-end", id: "text-9" });
    applyAnswerChunk(draft, { type: "error", errorText: "x" });
    expect(closeAnswerDraft(draft)).toEqual([]);
  });
});

describe("a receipt that is told on the way", () => {
  const legOf = (attempt: number): AnswerEvent => ({ type: "leg-start", target: TARGET, attempt });
  const attemptsOf = (chunks: readonly AnswerChunk[]): number[] =>
    chunks.flatMap((chunk) => (chunk.type === "message-metadata" ? [chunk.messageMetadata.attempts] : []));

  it("[HT130] counts the calls of providers so far, over steps and lives", () => {
    const writer = new AnswerWriter(RECEIPT);
    const first = [
      ...writer.start("a1"),
      ...writer.write([legOf(1), text("a")]),
      ...writer.write([legOf(3), call("c1")]),
      ...writer.endModelCall({ ...RECEIPT, attempts: 4 }),
      ...writer.endStep(),
    ];
    expect(attemptsOf(first)).toEqual([1, 3, 4]);
    const second = writer.write([legOf(2), text("b")]);
    expect(attemptsOf(second)).toEqual([6]);
    const next = AnswerWriter.behind([...first, ...second], { ...RECEIPT, attempts: 6 });
    // The step goes on where it was: its calls are counted on.
    expect(attemptsOf(next.write([legOf(3), text("c")]))).toEqual([7]);
  });
});
