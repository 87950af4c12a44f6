/** Answers that live through crashes, from four providers, on the live wire and on the stock one. Real workerd. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toLongText } from "../../sandbox/long-text.ts";
import { hashText } from "../../sandbox/measure-text.ts";
import { healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, textOf, type Chat, type Visitor } from "./sandbox-people.ts";
import { LiveReader } from "./sandbox-reader.ts";
import { runSql, textIn } from "./sandbox-rows.ts";

const TARGETS = [
  "anthropic/claude-haiku-4-5",
  "openai/gpt-6-luna",
  "google/gemini-3.5-flash-lite",
  "deepseek/deepseek-v4-flash",
];
/** Some 18,000 characters: three to four seconds, at a piece of seven characters a millisecond. */
const QUESTION = "[[words:3000]]";
/** What every stand-in says to it, whole. */
const WHOLE = toLongText(3_000, hashText(QUESTION));
const LIMIT_MS = 30_000;

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

async function readAnswer(chat: Chat) {
  const answer = (await chat.readMessages()).at(-1);
  return { text: textOf(answer?.parts), receipt: answer?.metadata, parts: answer?.parts };
}

const storedCharacters = async (chat: Chat): Promise<number> =>
  (await runSql(chat, "select body from chunk")).reduce((sum, row) => sum + textIn(row, "body").length, 0);

describe("the live wire", () => {
  it(
    "[SE52] [SE53] is rewound to what was stored, and ends with the text of one that begins anew",
    async () => {
      const [target = ""] = TARGETS;
      const chat = await ada.createChat();
      const reader = new LiveReader(chat);
      await reader.ask(QUESTION, target);
      await reader.waitForText(3_500);
      const [seen, chunksSeen] = [reader.readText(), reader.chunks.length];
      await abortAllDurableObjects();
      const anew = new LiveReader(chat);
      await Promise.all([reader.comeBack(), anew.comeBack()]);
      await waitUntil(
        () => reader.readText(),
        () => reader.rewinds.length > 0,
      );
      // The first quarter of a second was stored, and is not taken back.
      expect(reader.rewinds[0]).toBeGreaterThan(3);
      expect(reader.rewinds[0]).toBeLessThan(chunksSeen);
      await Promise.all([reader.waitForEnd(), anew.waitForEnd()]);
      expect(reader.readText()).toBe(WHOLE);
      expect(anew.readText()).toBe(WHOLE);
      expect(anew.chunks).toEqual(reader.chunks);
      expect(WHOLE.startsWith(seen)).toBe(true);
      const { text, receipt, parts } = await readAnswer(chat);
      expect(text).toBe(WHOLE);
      expect(parts).toEqual(reader.parts());
      expect(receipt?.status).toBe("complete");
    },
    LIMIT_MS,
  );

  it(
    "[SE52] a crash before anything was stored takes everything back",
    async () => {
      const [, target = ""] = TARGETS;
      const chat = await ada.createChat();
      const reader = new LiveReader(chat);
      await reader.ask(QUESTION, target);
      await reader.waitForText(1);
      await abortAllDurableObjects();
      await reader.comeBack();
      await reader.waitForEnd();
      const [row] = await runSql(chat, "select generation, rewound_to from turn");
      expect(row).toEqual({ generation: 1, rewound_to: 0 });
      expect(reader.rewinds).toEqual([0]);
      expect(reader.readText()).toBe(WHOLE);
    },
    LIMIT_MS,
  );

  it(
    "[SE52] says what is durable, in the generation that it belongs to",
    async () => {
      const [target = ""] = TARGETS;
      const chat = await ada.createChat();
      const socket = await chat.openLive();
      socket.ask("r1", QUESTION, { body: { model: target } });
      const durable = await socket.waitFor((frame) => frame.type === "durable");
      expect(durable).toMatchObject({ requestId: "r1", generation: 0 });
      expect(await storedCharacters(chat)).toBeGreaterThan(100);
      await abortAllDurableObjects();
      const again = await chat.openLive();
      const { activeTurn } = again.of("hello")[0] ?? {};
      expect(activeTurn).toMatchObject({ requestId: "r1", generation: 1 });
      again.resume("r2", 0, { turnId: activeTurn?.turnId ?? "", generation: 1 });
      expect(
        await again.waitFor((frame) => frame.type === "durable" && frame.requestId === "r2"),
      ).toMatchObject({
        generation: 1,
      });
      again.send({ type: "stop" });
      await again.waitForEnd("r2");
    },
    LIMIT_MS,
  );
});

describe("the stock wire", () => {
  it(
    "[SE7] [SE52] a client with a cursor sees nothing twice and nothing taken back, through two crashes",
    async () => {
      const [, , target = ""] = TARGETS;
      const chat = await ada.createChat();
      const first = await chat.open();
      first.ask("r1", QUESTION, { body: { model: target } });
      await first.waitForText("r1", 3_000);
      await abortAllDurableObjects();
      const second = await chat.open();
      const cursor = first.sequencesOf("r1").at(-1) ?? -1;
      second.resume("r2", cursor);
      await second.waitForText("r2", 3_000);
      await abortAllDurableObjects();
      const third = await chat.open();
      third.resume("r3", second.sequencesOf("r2").at(-1) ?? -1);
      await third.waitForEnd("r3");
      const sequences = [...first.sequencesOf("r1"), ...second.sequencesOf("r2"), ...third.sequencesOf("r3")];
      expect(sequences).toEqual(sequences.map((_, index) => index));
      expect(first.textOf("r1") + second.textOf("r2") + third.textOf("r3")).toBe(WHOLE);
      expect((await readAnswer(chat)).text).toBe(WHOLE);
    },
    LIMIT_MS,
  );
});

describe.each(TARGETS)("%s", (target) => {
  it(
    "[SE40] [SE46] [SE53] goes on through three crashes in one answer, and ends with its whole text",
    async () => {
      const chat = await ada.createChat();
      const [reader, sleeper] = [new LiveReader(chat), new LiveReader(chat)];
      await reader.ask(QUESTION, target);
      await reader.waitForText(1_000);
      await sleeper.comeBack();
      for (const characters of [3_000, 7_000, 11_000]) {
        await reader.waitForText(characters);
        await abortAllDurableObjects();
        await reader.comeBack();
      }
      await sleeper.comeBack();
      await Promise.all([reader.waitForEnd(), sleeper.waitForEnd()]);
      expect([reader.readText(), sleeper.readText()]).toEqual([WHOLE, WHOLE]);
      const { text, receipt, parts } = await readAnswer(chat);
      expect(text).toBe(WHOLE);
      expect(parts).toEqual(reader.parts());
      expect(parts?.filter(({ type }) => type === "text")).toHaveLength(1);
      expect(receipt).toMatchObject({ status: "complete", notice: null });
      const legs = receipt?.legs ?? [];
      expect(legs.length).toBeGreaterThan(2);
      // What each leg had given before its crash is counted and paid for.
      for (const leg of legs.slice(0, -1)) {
        expect(leg).toMatchObject({ estimated: true });
        expect(leg.usage.outputTokens).toBeGreaterThan(0);
        expect(leg.costMicroUsd).toBeGreaterThan(0);
      }
      expect(receipt?.costMicroUsd).toBe(legs.reduce((sum, leg) => sum + (leg.costMicroUsd ?? 0), 0));
    },
    LIMIT_MS,
  );
});

describe("how often", () => {
  it(
    "[SE44] [SE46] the fourth crash ends the turn as incomplete, with every stored word",
    async () => {
      const [, target = ""] = TARGETS;
      const chat = await ada.createChat();
      const reader = new LiveReader(chat);
      await reader.ask(QUESTION, target);
      for (const characters of [3_000, 5_000, 8_000, 11_000]) {
        await reader.waitForText(characters);
        await abortAllDurableObjects();
        await reader.comeBack();
      }
      await reader.waitForEnd();
      const { text, receipt, parts } = await readAnswer(chat);
      expect(receipt).toMatchObject({ status: "incomplete", notice: expect.stringContaining("restarted") });
      expect(reader.parts()).toEqual(parts);
      expect(WHOLE.startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThan(1_000);
      expect(reader.chunks.at(-1)).toEqual({ type: "error", errorText: receipt?.notice });
      expect(receipt?.legs.at(-1)).toMatchObject({ estimated: true });
      expect(receipt?.costMicroUsd).toBeGreaterThan(0);
      expect((await readJournal("openai")).length).toBe(4);
    },
    LIMIT_MS,
  );

  it(
    "[SE26] [SE24] a stop while it goes on behind a crash stops it, and another crash does not revive it",
    async () => {
      const [, target = ""] = TARGETS;
      const chat = await ada.createChat();
      const reader = new LiveReader(chat);
      await reader.ask(QUESTION, target);
      await reader.waitForText(3_000);
      await abortAllDurableObjects();
      const socket = await chat.openLive();
      // In the first moment of the new life, before anybody has spoken.
      socket.send({ type: "stop" });
      await socket.waitFor((frame) => frame.type === "turn-ended");
      await abortAllDurableObjects();
      expect(await runDurableObjectAlarm(chat.stub())).toBe(true);
      const { text, receipt } = await readAnswer(chat);
      expect(receipt).toMatchObject({ status: "cancelled", notice: "You stopped this answer." });
      expect(WHOLE.startsWith(text)).toBe(true);
      await waitUntil(
        () => readJournal("openai"),
        (entries) => entries.length <= 2 && entries.every(({ outcome }) => outcome === "client-closed"),
      );
    },
    LIMIT_MS,
  );
});

describe("sleep", () => {
  it(
    "[SE16] [SE41] an object that is asked to sleep in mid-answer lets the answer go on for its readers",
    async () => {
      const [, target = ""] = TARGETS;
      const chat = await ada.createChat();
      const reader = new LiveReader(chat);
      await reader.ask(QUESTION, target);
      await reader.waitForText(3_000);
      await evictDurableObject(chat.stub());
      await reader.comeBack();
      await reader.waitForEnd();
      expect(reader.readText()).toBe(WHOLE);
      expect((await readAnswer(chat)).receipt?.status).toBe("complete");
    },
    LIMIT_MS,
  );
});
