/** What a step of a turn is told of what is summarised, and what that costs. */
import { describe, expect, it } from "vitest";
import { FILES_AWAY } from "../../../../src/routing/answer-end.ts";
import { toAttachmentUrl } from "../../../../src/session/files/attachment-path.ts";
import { MAX_ANSWER_BYTES } from "../../../../src/session/turn/answer-size.ts";
import { MAX_CLIMBED } from "../../../../src/session/store/summary-store.ts";
import { NOW_MS, toMessage, TURN } from "../answer-fixtures.ts";
import { estimatePromptTokens } from "../../../../src/session/turn/turn-steps.ts";
import { succeed } from "../../../../src/base/result.ts";
import { askStep, openTalk, toModels } from "../step-world.ts";

const SMALL = { models: toModels(8_000) };
const ROUND = [1_000, 1_000];

/** A chat whose first four messages are summarised. */
function openSummarised() {
  const talk = openTalk();
  const upToMessageId = talk.talk(10, 10, 10, 10);
  const summarise = (id: string, body: string) =>
    talk.store.summaries.append({ upToMessageId: id, body, createdAtMs: NOW_MS });
  summarise(upToMessageId, "They spoke of salt.");
  return { ...talk, summarise };
}

describe("a summary", () => {
  it("[SE134] is told to a model with a small context too, and that something lies between", async () => {
    const { store, talk } = openSummarised();
    const last = talk(...ROUND, ...ROUND, ...ROUND, 100);
    const whole = await askStep(store, last);
    expect(whole.text).toContain("They spoke of salt.");
    expect(whole.text).not.toContain("left out");
    const small = await askStep(store, last, SMALL);
    expect(small.text).toContain("They spoke of salt.");
    expect(small.text).toContain("are left out");
  });

  it("[SE134] is told while no newer one can be made", async () => {
    const { store, talk } = openSummarised();
    const { text } = await askStep(store, talk(...Array.from({ length: 101 }, () => 5)));
    expect(text).toContain("They spoke of salt.");
    expect(text).toContain("are left out");
  });

  it("[SE134] is the nearest on the path, and none of another branch", async () => {
    const { store, talk, summarise } = openSummarised();
    const upTo = talk(...ROUND);
    summarise(upTo, "Then of sugar.");
    const last = talk(...ROUND, ...ROUND, ...ROUND, 100);
    expect((await askStep(store, last, SMALL)).text).toContain("Then of sugar.");
    // Below what the first one stands for, beside what the second one does.
    store.messages.append(toMessage("b", "user", "abcd".repeat(4_000), "m3"));
    store.messages.append(toMessage("c", "assistant", "abcd".repeat(4_000), "b"));
    store.messages.append(toMessage("d", "user", "And now?", "c"));
    const beside = await askStep(store, "d", SMALL);
    expect(beside.text).toContain("They spoke of salt.");
    expect(beside.text).not.toContain("Then of sugar.");
    store.messages.append(toMessage("x", "user", "Another beginning"));
    expect((await askStep(store, "x", SMALL)).text).not.toContain("They spoke");
    summarise("c", "Beside it all.");
    expect((await askStep(store, "d", SMALL)).text).toContain("Beside it all.");
    expect((await askStep(store, last, SMALL)).text).toContain("Then of sugar.");
  });

  it("[SE78] that stands for the question itself does not take its place", async () => {
    const { store, summarise, talk } = openSummarised();
    store.messages.append(toMessage("q", "user", "And now?", talk(5, 5)));
    summarise("q", "It was asked what comes now.");
    const { text } = await askStep(store, "q");
    expect(text).toContain("And now?");
    expect(text).toContain("They spoke of salt.");
  });

  it("[SE134] that is far above is found in several turns, each of which reads no more than so many ids", async () => {
    const { disk, store, talk } = openSummarised();
    let last = talk(...Array.from({ length: MAX_CLIMBED + 400 }, () => 5), 5);
    const told: boolean[] = [];
    const statements: number[] = [];
    for (const _ of [1, 2, 3]) {
      const before = disk.statements;
      told.push((await askStep(store, last)).text.includes("They spoke of salt."));
      statements.push(disk.statements - before);
      last = talk(5, 5);
    }
    expect(told).toEqual([false, true, true]);
    // The chat, its summaries and the path at first; then what is not known of the path, and then nothing.
    expect(statements).toEqual([3, 1, 0]);
  });

  it("[SE99] [SE134] in a chat that was read before nothing is read from disk for it", async () => {
    const { disk, store, talk } = openSummarised();
    await askStep(store, talk(...ROUND, ...ROUND, ...ROUND, 100), SMALL);
    const next = talk(1_000, 100);
    const before = disk.statements;
    expect((await askStep(store, next, SMALL)).text).toContain("They spoke of salt.");
    expect(disk.statements - before).toBe(0);
  });
});

describe("an estimate of what a call was sent", () => {
  it("[SE272] counts the summary, instructions and the definitions of tools, as the call itself has them", () => {
    const { store, talk, summarise } = openSummarised();
    const parentId = talk(10);
    const text = "abcd".repeat(1_000);
    const tool = { type: "function", name: "f", description: text, inputSchema: {} } as const;
    const estimate = (position: number, ownTools: readonly (typeof tool)[] = []): number => {
      const facts = { store, contextTokens: 24_000, ownTools, resolveModels: () => succeed(toModels(null)) };
      return estimatePromptTokens(facts, { ...TURN, parentId, position });
    };
    const plain = estimate(0);
    expect(plain).toBeLessThan(100);
    expect(estimate(0, [tool])).toBeGreaterThan(plain + 1_000);
    const asked = store.createTurn({ ...TURN, parentId }, { instructions: text, tools: [tool] });
    expect(estimate(asked.position)).toBeGreaterThan(plain + 2_000);
    // Tools of the program's own stand in the place of the chat's.
    expect(estimate(asked.position, [tool])).toBe(estimate(asked.position));
    summarise("m3", text);
    expect(estimate(0)).toBeGreaterThan(plain + 900);
    expect(estimate(0)).toBeLessThan(plain + 1_100);
  });
});

describe("the room of an answer", () => {
  it("[SE171] is what the steps before have left, whatever their tools gave", async () => {
    const { store, talk } = openTalk();
    const last = talk(10);
    expect((await askStep(store, last)).maxBytes).toBe(MAX_ANSWER_BYTES);
    const call = { type: "dynamic-tool", toolCallId: "c1", toolName: "f", input: { x: "語" } } as const;
    const said = JSON.stringify({ ...call, state: "output-available" });
    const step = {
      done: [
        { type: "step-start" },
        { type: "reasoning", text: "Hm.", state: "done" },
        { ...call, state: "output-available", output: "x".repeat(10_000) },
      ],
      earlier: { text: '"Well"\n', legs: [], charactersOfLegs: [], attempts: [], firstTokenMs: null },
    } as const;
    const { maxBytes } = await askStep(store, last, { step });
    expect(maxBytes).toBe(MAX_ANSWER_BYTES - 3 - (said.length + 2) - 10);
  });
});

describe("calls under one id", () => {
  it("[TL45] of an answer before and of this one are told under two", async () => {
    const { store, add } = openTalk();
    const call = { type: "dynamic-tool", toolCallId: "call_0", toolName: "f", input: {} } as const;
    const part = { ...call, state: "output-available", output: "o" } as const;
    add("One?");
    add([part]);
    const { text } = await askStep(store, add("And now?"), { step: { done: [part], earlier: null } });
    expect(text.match(/"toolCallId":"[^"]+"/g)).toEqual(
      ["call_0", "call_0", "call_0_2", "call_0_2"].map((id) => `"toolCallId":"${id}"`),
    );
  });
});

describe("files that cannot be read now", () => {
  it("[SE268] are not left out: nobody is asked without them", async () => {
    const { store, add } = openTalk();
    const picture = { type: "file", mediaType: "image/png", url: toAttachmentUrl("chat_1", "file_1") };
    const asked = add([{ type: "text", text: "What is this?" }, picture]);
    expect((await askStep(store, asked)).call?.unasked).toBeUndefined();
    const { call, reads } = await askStep(store, asked, { file: null });
    expect(reads).toHaveLength(1);
    expect(call?.unasked).toEqual(FILES_AWAY);
    expect(call?.question).toBe("What is this?");
  });
});

describe("a model that a deploy has taken away", () => {
  it("[SE261] leaves nobody to ask: the turn ends with that sentence, and not as one that broke", async () => {
    const { store, talk } = openTalk();
    const { call } = await askStep(store, talk(10), { models: null });
    expect(call?.models).toEqual({ requested: TURN.requested, unspecified: false, models: [] });
    expect(call?.selectionId).toBe(TURN.selectionId);
  });
});
