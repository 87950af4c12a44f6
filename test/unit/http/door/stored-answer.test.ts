/** An answer is gathered, kept, and told again. */
import { describe, expect, it } from "vitest";
import {
  AnswerGatherer,
  MAX_STORED_BYTES,
  replayAnswer,
  StoredAnswer,
  toReplayedEnd,
  type GatheredCall,
} from "../../../../src/http/door/cache/stored-answer.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { OTHER_TARGET, TARGET, toEnd, toLeg } from "../../session/answer-fixtures.ts";

const CALL: GatheredCall = { selectionId: "sel_1", mayStartOver: false, isLimited: false };
const start = (target = TARGET, attempt = 1): AnswerEvent => ({ type: "leg-start", target, attempt });
const text = (words: string): AnswerEvent => ({ type: "text-delta", text: words });

function gather(
  events: readonly AnswerEvent[],
  end = toEnd(),
  call: Partial<GatheredCall> = {},
): StoredAnswer | null {
  const gatherer = new AnswerGatherer({ ...CALL, ...call });
  for (const event of events) gatherer.take([event]);
  const stored = gatherer.toStorable(end);
  return stored === null ? null : StoredAnswer.parse(JSON.parse(stored));
}

function gathered(events: readonly AnswerEvent[]): StoredAnswer {
  const stored = gather(events);
  if (stored === null) throw new Error("it was not kept");
  return stored;
}

const WEATHER = { toolCallId: "call_1", toolName: "weather", input: '{"city":"Oslo"}' };

describe("a kept answer", () => {
  it("[HT143] has the words, thoughts and calls in their order, and tells them again", () => {
    const stored = gathered([
      start(),
      { type: "reasoning-delta", text: "Hm" },
      { type: "reasoning-delta", text: "m." },
      text("It "),
      text("rains"),
      { type: "tool-input-start", toolCallId: "call_1", toolName: "weather" },
      { type: "tool-input-delta", toolCallId: "call_1", text: WEATHER.input },
      { type: "tool-call", ...WEATHER },
      toEnd(),
    ]);
    expect(stored.parts).toEqual([
      { type: "reasoning", text: "Hmm." },
      { type: "text", text: "It rains" },
      { type: "tool-call", ...WEATHER },
    ]);
    const told = [...replayAnswer(stored)].flat();
    expect(told[0]).toEqual({ type: "leg-start", target: TARGET, attempt: 0 });
    expect(gathered(told)).toEqual(stored);
  });

  it("[HT143] that two targets gave has one beginning, by whom it began", () => {
    const stored = gathered([start(), text("One "), start(OTHER_TARGET, 2), text("two")]);
    expect(stored).toMatchObject({ target: TARGET, parts: [{ type: "text", text: "One two" }] });
    expect([...replayAnswer(stored)].flat().filter((event) => event.type === "leg-start")).toHaveLength(1);
  });

  it("[HT143] that was begun anew has nothing of what was dropped", () => {
    const events = [start(), text("Half an"), start(OTHER_TARGET, 2), text("Whole")];
    expect(gather(events, toEnd(), { mayStartOver: true })).toMatchObject({
      target: OTHER_TARGET,
      parts: [{ type: "text", text: "Whole" }],
    });
  });

  it("[HT143] of any length is told in pieces, and no character is cut in two", () => {
    const words = "🌊".repeat(10_000);
    const pieces = [...replayAnswer(gathered([start(), text(words)]))].flat();
    const texts = pieces.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
    expect(texts.length).toBeGreaterThan(4);
    expect(texts.every((piece) => piece.isWellFormed() && piece.length <= 4_096)).toBe(true);
    expect(texts.join("")).toBe(words);
  });

  it("[HT145] costs nothing and calls nobody when it is told again, and names who gave it", () => {
    const end = toEnd({ legs: [toLeg()], costMicroUsd: 7 });
    const stored = gather([start(), text("One")], end);
    expect(stored).toMatchObject({ selectionId: "sel_1", costMicroUsd: 7 });
    expect(stored === null ? null : toReplayedEnd(stored)).toMatchObject({
      status: "complete",
      attempts: [],
      costMicroUsd: 0,
      legs: [{ provider: "openai", costMicroUsd: 0 }],
      usage: end.usage,
    });
  });
});

describe("an answer is not kept", () => {
  it.each([
    ["broke", toEnd({ status: "incomplete" })],
    ["failed", toEnd({ status: "failed" })],
    ["was stopped", toEnd({ status: "cancelled" })],
    ["was filtered", toEnd({ finishReason: "content-filter" })],
    ["ended for no known reason", toEnd({ finishReason: "other" })],
    ["was cut at somebody else's limit", toEnd({ finishReason: "length" })],
  ])("[HT146] that %s", (_, end) => {
    expect(gather([start(), text("One")], end)).toBeNull();
  });

  it("[HT344] that calls a tool behind proven thoughts, unless another target has begun anew without them", () => {
    const proven: AnswerEvent[] = [
      start(),
      { type: "reasoning-delta", text: "Hm." },
      { type: "reasoning-delta", text: "", proof: { signature: "s" } },
    ];
    const call: AnswerEvent = { type: "tool-call", ...WEATHER };
    expect(gather([...proven, call])).toBeNull();
    expect(gather([...proven, text("It rains")])).not.toBeNull();
    expect(gather([...proven, start(OTHER_TARGET, 2), call], toEnd(), { mayStartOver: true })).not.toBeNull();
  });

  it("[HT146] that says nothing, but for thoughts", () => {
    expect(gather([start()])).toBeNull();
    expect(gather([])).toBeNull();
    expect(gather([start(), text(""), { type: "reasoning-delta", text: "Hmm." }])).toBeNull();
    expect(gather([start(), { type: "tool-call", ...WEATHER }])).not.toBeNull();
  });

  it("[HT146] unless it was cut where its caller wanted", () => {
    expect(
      gather([start(), text("One")], toEnd({ finishReason: "length" }), { isLimited: true }),
    ).not.toBeNull();
  });

  it.each([
    ["words in one piece", [text("x".repeat(MAX_STORED_BYTES + 1))]],
    ["words in many pieces", Array.from({ length: 1_100 }, () => text("x".repeat(1_000)))],
    ["characters of several bytes", [text("🌊".repeat(MAX_STORED_BYTES / 4))]],
    ["arguments", [{ type: "tool-call" as const, ...WEATHER, input: "1".repeat(MAX_STORED_BYTES + 1) }]],
  ])("[HT146] that is too large: %s", (_, events) => {
    expect(gather([start(), ...events])).toBeNull();
  });
});
