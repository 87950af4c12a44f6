/** What summaries are made of, and that they stand for nothing else: long messages, long times without one. */
import { describe, expect, it } from "vitest";
import { succeed } from "../../../src/base/result.ts";
import { toToolOutputPart } from "../../../src/protocol/tool-output.ts";
import { ChatUpkeep } from "../../../src/session/chat-upkeep.ts";
import { MAX_GAP_MESSAGES } from "../../../src/session/context/find-unsummarised.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";
import { toSummaryText } from "../../../src/session/context/summary-text.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { RECORD, TARGET, toEnd, toMessage } from "./answer-fixtures.ts";
import { openTalk } from "./step-world.ts";

/** Upkeep whose model says "SUMMARY 1", "SUMMARY 2", …; `prompts` is what it was asked. */
function openUpkeep(store: SessionStore) {
  const prompts: string[] = [];
  const log = new RecordingLog();
  const upkeep = new ChatUpkeep({
    store,
    clock: new VirtualClock(),
    log,
    upkeepModel: "fast",
    contextTokens: 24_000,
    resolveModels: (requested) => succeed({ requested, unspecified: false, models: [] }),
    runAnswer: async function* (input) {
      prompts.push(JSON.stringify(input.call.prompt));
      yield [
        { type: "leg-start", target: TARGET, attempt: 1 },
        { type: "text-delta", text: `SUMMARY ${prompts.length}.` },
      ];
      return { end: toEnd(), record: { ...RECORD, id: input.selectionId } };
    },
    newSelectionId: () => `sel_${prompts.length}`,
    onRecord: () => {},
    onTitle: () => {},
    onSummary: () => {},
  });
  const run = async (leaf: string) => {
    await upkeep.run(leaf);
    expect(log.of("background_failed")).toEqual([]);
  };
  /** Which messages each summary was made of. */
  const listQuoted = () =>
    prompts.map((prompt) => [...prompt.matchAll(/<m(\d+)>/g)].map(([, at]) => Number(at)));
  return { prompts, run, listQuoted };
}

const upTo = (store: SessionStore): number[] =>
  store.summaries.read().map(({ upToMessageId }) => Number(upToMessageId.slice(1)));
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a summary", () => {
  it("[SE135] stands for nothing that it was not made of, also behind a message that is longer than all of it", async () => {
    const { store, talk } = openTalk();
    const { run, prompts, listQuoted } = openUpkeep(store);
    await run(talk(60_000, 2_000, 20, 4_000, 20, 4_000, 20, 4_000, 20, 400));
    expect(listQuoted()).toEqual([range(0, upTo(store)[0] ?? 0)]);
    expect(prompts[0]?.length).toBeLessThan(201_000);
    expect(prompts[0]).toContain("A part is left out here");
  });

  it("[SE135] is not made of a question alone, whose answer is longer than all that is read", async () => {
    const { store, talk } = openTalk();
    const { run, prompts } = openUpkeep(store);
    await run(talk(10, 200_000));
    expect([prompts, upTo(store)]).toEqual([[], []]);
    await run(talk(10, 10));
    expect(upTo(store)).toEqual([1]);
  });

  it("[SE135] goes on from the one before, however many messages were said since", async () => {
    const { store, talk } = openTalk();
    const { run, prompts, listQuoted } = openUpkeep(store);
    await run(talk(...Array.from({ length: 24 }, () => 1_000)));
    const [first = 0] = upTo(store);
    await run(talk(...Array.from({ length: 210 }, () => 5)));
    expect(prompts[1]).toContain("SUMMARY 1.");
    expect(prompts[1]).not.toContain("Some messages are left out");
    expect(listQuoted()[1]).toEqual(range(first + 1, upTo(store)[0] ?? 0));
    expect(upTo(store)[0]).toBeGreaterThan(200);
  });

  it("[SE135] catches up in pieces, oldest first, three behind a turn", async () => {
    const { store, talk } = openTalk();
    const { run, prompts, listQuoted } = openUpkeep(store);
    await run(talk(...Array.from({ length: 900 }, () => 5)));
    expect(prompts).toHaveLength(3);
    await run(talk(5, 5));
    await run(talk(5, 5));
    expect(listQuoted().flat()).toEqual(range(0, upTo(store)[0] ?? 0));
    expect(upTo(store)[0]).toBeGreaterThan(860);
    for (const [index, prompt] of prompts.entries())
      expect(prompt.includes(`SUMMARY ${index}.`)).toBe(index > 0);
    expect(prompts.join("")).not.toContain("Some messages are left out");
  });

  it("[SE135] says so where messages before it are too many to be looked at", async () => {
    const { store, talk } = openTalk();
    const { run, prompts } = openUpkeep(store);
    await run(talk(...Array.from({ length: 50 }, () => 5)));
    await run(talk(...Array.from({ length: MAX_GAP_MESSAGES + 400 }, () => 5)));
    expect(prompts[1]).toContain("SUMMARY 1.");
    expect(prompts[1]).toContain("[Some messages are left out here.]");
    expect(prompts[2]).toContain("SUMMARY 2.");
    expect(prompts[2]).not.toContain("[Some messages are left out here.]");
  });

  it("[SE93] [SE135] never ends between a call and what it gave, also where one question had hundreds", async () => {
    const { store, talk } = openTalk();
    const { run } = openUpkeep(store);
    let last = talk(5);
    for (let round = 0; round < 300; round += 1) {
      const call = {
        type: "dynamic-tool",
        toolCallId: `c${round}`,
        toolName: "read",
        input: {},
        state: "input-available",
      };
      store.messages.append(toMessage(`a${round}`, "assistant", [{ type: "step-start" }, call], last));
      const given = toToolOutputPart({ toolCallId: `c${round}`, toolName: "read", output: "x" });
      last = `o${round}`;
      store.messages.append(toMessage(last, "user", [given], `a${round}`));
    }
    await run(last);
    const ends = store.summaries.read().map(({ upToMessageId }) => upToMessageId);
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end).toMatch(/^o/);
  });
});

describe("the text of a summary", () => {
  it("[SE135] holds every message, and shortens only those that are longer than their share", () => {
    const messages = [
      toMessage("a", "user", `A${"a".repeat(300_000)}Z`),
      toMessage("b", "assistant", "b".repeat(40_000)),
      toMessage("c", "user", `C${"😀".repeat(100_000)}`),
    ];
    const text = toSummaryText({ before: null, hasGap: false, messages });
    expect(text.length).toBeLessThan(200_200);
    expect(text.length).toBeGreaterThan(199_000);
    expect(text).toContain("b".repeat(40_000));
    expect(text).toMatch(/^Person: Aa+\n\[A part is left out here\.\]\na+Z\n\n/);
    expect(text.isWellFormed()).toBe(true);
  });
});
