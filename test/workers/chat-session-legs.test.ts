/** Answers that another target goes on with: every way to break, every provider, over the chat's own socket. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toLongText } from "../../sandbox/long-text.ts";
import { hashText } from "../../sandbox/measure-text.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, textOf, type Visitor } from "./sandbox-people.ts";
import { changeSettings, closeCircuits } from "./sandbox-settings.ts";

const TARGETS = [
  "anthropic/claude-haiku-4-5",
  "openai/gpt-6-luna",
  "google/gemini-3.5-flash-lite",
  "deepseek/deepseek-v4-flash",
] as const;
const QUESTION = "[[words:160]]";
const WHOLE = toLongText(160, hashText(QUESTION));
const FAULTS = ["cut", "reset", "garbage", "error-event", "stall"] as const;

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(async () => {
  await healSandbox();
  await closeCircuits(ada);
});

const toProvider = (target: string): string => target.split("/", 1)[0] ?? "";

/** Each breaks, and the one behind it goes on. */
const PAIRS = TARGETS.map((first, index) => [first, TARGETS[(index + 1) % TARGETS.length] ?? first] as const);

async function askBoth(models: readonly string[], question = QUESTION) {
  const chat = await ada.createChat();
  const [live, stock] = [await chat.openLive(), await chat.open()];
  stock.ask("r1", question, { body: { models: [...models] } });
  await Promise.all([live.waitForEnd("r1"), stock.waitForEnd("r1")]);
  const [, answer] = await chat.readMessages();
  return { live, stock, answer, receipt: answer?.metadata };
}

describe.each(FAULTS)("a stream that breaks by %s", (fault) => {
  it.each(PAIRS)(
    "[SE60] of %s is gone on with by %s: one text in one block",
    async (first, second) => {
      if (fault === "stall") await changeSettings(ada, { deadlines: { gapMs: 300 }, hedging: false });
      await breakProvider(toProvider(first), { fault, afterChunks: 40, times: 1 });
      const { live, stock, answer, receipt } = await askBoth([first, second]);
      expect([live.textOf("r1"), stock.textOf("r1"), textOf(answer?.parts)]).toEqual([WHOLE, WHOLE, WHOLE]);
      expect(answer?.parts.map(({ type }) => type)).toEqual(["step-start", "text"]);
      expect(receipt).toMatchObject({ status: "complete", notice: null, attempts: receipt?.legs.length });
      const [broken, ...others] = receipt?.legs ?? [];
      expect(`${broken?.provider}/${broken?.model}`).toBe(first);
      expect(others.length).toBeGreaterThan(0);
      // Each leg says what it took and what it cost; the sum is the answer's.
      for (const leg of receipt?.legs ?? []) {
        expect(leg.usage.outputTokens).toBeGreaterThan(0);
        expect(leg.costMicroUsd).toBeGreaterThan(0);
      }
      expect(broken?.estimated).toBe(true);
      expect(receipt?.costMicroUsd).toBe(
        receipt?.legs.reduce((sum, leg) => sum + (leg.costMicroUsd ?? 0), 0),
      );
      expect(receipt?.reasons.join(" ")).toContain(`${first} failed`);
    },
    20_000,
  );
});

describe("several breaks", () => {
  it("[SE60] four targets that break one after the other give one text, with their legs in order", async () => {
    for (const target of TARGETS.slice(0, 3)) {
      await breakProvider(toProvider(target), { fault: "reset", afterChunks: 30, times: 1 });
    }
    const { live, answer, receipt } = await askBoth(TARGETS);
    expect(live.textOf("r1")).toBe(WHOLE);
    expect(textOf(answer?.parts)).toBe(WHOLE);
    const names = receipt?.legs.map(({ provider }) => provider) ?? [];
    expect(names.length).toBeGreaterThanOrEqual(3);
    expect(names.slice(0, 3)).toEqual(TARGETS.slice(0, names.length).map(toProvider).slice(0, 3));
  }, 20_000);

  it("[SE60] one that breaks before its first word is no leg", async () => {
    await breakProvider("openai", { fault: "cut", afterChunks: 0, times: 1 });
    const { live, receipt } = await askBoth(["openai/gpt-6-luna", "google/gemini-3.5-flash-lite"]);
    expect(live.textOf("r1")).toBe(WHOLE);
    expect(receipt?.legs).toMatchObject([{ provider: "google", estimated: false }]);
    expect(receipt?.attempts).toBe(2);
  });
});

describe("thoughts", () => {
  it.each(["cut", "reset", "garbage", "error-event"])(
    "[SE61] a target that breaks in them by %s takes them back before the next one thinks",
    async (fault) => {
      await breakProvider("deepseek", { fault, afterChunks: 3, times: 1 });
      const models = ["deepseek/deepseek-v4-pro", "anthropic/claude-sonnet-5"];
      const { live, stock, answer, receipt } = await askBoth(models, "Why is the sea salty?");
      expect(receipt?.status).toBe("complete");
      expect(answer?.parts.filter(({ type }) => type === "reasoning").length).toBeLessThanOrEqual(1);
      expect(answer?.parts.filter(({ type }) => type === "text")).toHaveLength(1);
      for (const socket of [live, stock]) {
        expect(socket.chunksOf("r1").some(({ type }) => type === "reset-step")).toBe(true);
        expect(socket.textOf("r1")).toBe(textOf(answer?.parts));
      }
      // What a reader was shown of the thoughts that broke is gone from the message.
      expect(receipt?.legs).toHaveLength(2);
    },
    20_000,
  );
});

describe("a stop", () => {
  it("[SE24] between two legs keeps the words and calls nobody more", async () => {
    await breakProvider("openai", { fault: "cut", afterChunks: 40, times: 1 });
    await breakProvider("google", { fault: "hang" });
    await changeSettings(ada, { hedging: false });
    const chat = await ada.createChat();
    const live = await chat.openLive();
    live.ask("r1", QUESTION, { body: { models: ["openai/gpt-6-luna", "google/gemini-3.5-flash-lite"] } });
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.length === 1,
    );
    live.send({ type: "stop" });
    await live.waitForEnd("r1");
    const [, answer] = await chat.readMessages();
    expect(answer?.metadata).toMatchObject({
      status: "cancelled",
      legs: [{ provider: "openai", estimated: true }],
    });
    expect(textOf(answer?.parts).length).toBeGreaterThan(200);
    expect(WHOLE.startsWith(textOf(answer?.parts))).toBe(true);
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.every(({ outcome }) => outcome === "client-closed"),
    );
    expect(await readJournal("google")).toHaveLength(1);
  });

  it("[SE24] before anybody has answered ends at once, without a word", async () => {
    await breakProvider("openai", { fault: "hang" });
    await changeSettings(ada, { hedging: false });
    const chat = await ada.createChat();
    const live = await chat.openLive();
    live.ask("r1", QUESTION, { body: { model: "openai/gpt-6-luna" } });
    live.send({ type: "stop" });
    await live.waitForEnd("r1");
    const [, answer] = await chat.readMessages();
    expect(answer).toMatchObject({ parts: [], metadata: { status: "cancelled", legs: [] } });
  });
});
