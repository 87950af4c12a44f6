/** An answer that becomes longer than what it is kept in: it is cut, said to be incomplete, and its provider is let go. */
import { describe, expect, it } from "vitest";
import { AnswerRoom, countTextBytes } from "../../../src/routing/answer-room.ts";
import type { ContentEvent, LegEvent } from "../../../src/routing/attempt/drive-attempt.ts";
import { toNotice } from "../../../src/routing/selection-record.ts";
import { answer, begin, finish, hang, pause, say, COUNTED_USAGE } from "../../fakes/scripted-provider.ts";
import { callsOf, collectAnswer, createPlanWorld } from "./plan-world.ts";

const words = (text: string): LegEvent => ({ type: "text-delta", text });
const call = (toolCallId: string, input: string): ContentEvent[] => [
  { type: "tool-input-start", toolCallId, toolName: "f" },
  { type: "tool-input-delta", toolCallId, text: input },
  { type: "tool-call", toolCallId, toolName: "f", input },
];
const textOf = (events: readonly LegEvent[]): string =>
  events.map((event) => ("text" in event ? event.text : "")).join("");

describe("the room of an answer", () => {
  it.each([
    ["plain words", "word "],
    ["quotes and lines", '"\n'],
    ["control characters", "\u0001"],
    ["signs of three bytes", "語"],
    ["signs of two halves", "😀"],
    ["halves of signs", "\ud83d"],
  ])("[SE171] holds %s up to its last byte, and cuts no sign", (_, piece) => {
    const room = new AnswerRoom(1_000);
    let shown = "";
    for (let count = 0; count < 400; count += 1) shown += textOf(room.fit([words(piece)]));
    const said = piece.repeat(400);
    expect(said.startsWith(shown)).toBe(true);
    expect(countTextBytes(shown)).toBeLessThanOrEqual(1_000);
    const next = String.fromCodePoint(said.codePointAt(shown.length) ?? 0);
    expect(countTextBytes(shown + next)).toBeGreaterThan(1_000);
    expect(room.isFull).toBe(true);
    const inOne = new AnswerRoom(1_000);
    expect(textOf(inOne.fit([words(said)]))).toBe(shown);
    expect(inOne.isFull).toBe(true);
  });

  it("[SE171] takes calls whole or leaves them out, and thoughts like words", () => {
    const room = new AnswerRoom(2_000);
    expect(room.fit([{ type: "reasoning-delta", text: "a".repeat(500) }, ...call("c1", "{}")])).toHaveLength(
      4,
    );
    expect(room.fit([words("b".repeat(600))])).toHaveLength(1);
    expect(room.isFull).toBe(false);
    expect(room.fit([words("c"), ...call("c2", `"${"x".repeat(900)}"`)])).toEqual([]);
    expect(room.isFull).toBe(true);
  });
});

describe("an answer that is longer than it may be", () => {
  const endless = [begin, ...Array.from({ length: 400 }, () => [say("word "), pause(10)]).flat(), hang];
  const run = (scripts: Parameters<typeof createPlanWorld>[0], maxBytes: number) => {
    const world = createPlanWorld(scripts);
    const begun = world.begin(world.plan(), false, { maxBytes });
    return world.clock.runUntil(collectAnswer(begun)).then((collected) => ({ world, ...collected }));
  };

  it("[SE171] ends as incomplete with what there is room for; its call is stopped, and nobody is asked to go on", async () => {
    const { world, end, text } = await run({ a: [endless], b: [answer("other")] }, 103);
    expect(text).toBe(`${"word ".repeat(20)}wor`);
    expect(end).toMatchObject({
      status: "incomplete",
      failure: { kind: "too-long" },
      legs: [{ provider: "a", estimated: true }],
      attempts: [{ outcome: "failure", error: "too-long: the answer was as long as it may be" }],
    });
    expect(toNotice(end)).toBe(
      "This answer is incomplete. It has become as long as one answer may be. Ask for the rest.",
    );
    expect(callsOf(world)).toEqual(["a+0"]);
    expect(world.providers.get("a")?.calls).toMatchObject([{ aborted: true, closed: true }]);
    expect(world.outcomes.map(({ verdict }) => verdict)).toEqual(["neutral"]);
    expect(world.log.of("all_providers_failed")).toEqual([]);
  });

  it("[SE171] whose calls do not fit has none of them, and what its provider has counted", async () => {
    const calls = call("c1", `"${"x".repeat(900)}"`);
    const counted = { ...COUNTED_USAGE, outputTokens: 300 };
    const script = [begin, say("Let me write."), { type: "batch" as const, events: calls }, finish(counted)];
    const { end, events } = await run({ a: [script] }, 1_000);
    expect(events.map(({ type }) => type)).toEqual(["leg-start", "text-delta", "answer-end"]);
    expect(end).toMatchObject({ status: "incomplete", legs: [{ estimated: false }] });
  });

  it("[SE171] is as it was where everything fits", async () => {
    const { end, text } = await run({ a: [answer("All of it.")] }, 10);
    expect([end.status, text]).toEqual(["complete", "All of it."]);
  });

  it("[SE171] and that has no room left from before asks nobody", async () => {
    const { world, end } = await run({ a: [answer("more")] }, 0);
    expect(end).toMatchObject({ status: "failed", failure: { kind: "too-long" }, attempts: [] });
    expect(callsOf(world)).toEqual([]);
  });
});
