/** What a chat does for itself behind a turn: a title, a summary, and nothing when it goes wrong. */
import { toToolOutputPart } from "../../../src/protocol/tool-output.ts";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { fail, succeed } from "../../../src/base/result.ts";
import type { ChatSummary } from "../../../src/protocol/session-frame.ts";
import type { AnswerInput } from "../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { ChatUpkeep } from "../../../src/session/chat-upkeep.ts";
import type { SessionRow } from "../../../src/session/rows.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { OTHER_TARGET, RECEIPT, RECORD, SESSION, TARGET, toEnd, toMessage } from "./answer-fixtures.ts";
import { ChatDisk } from "./sqlite-store.ts";

interface UpkeepOptions {
  readonly session?: Partial<SessionRow>;
  readonly contextTokens?: number;
  readonly model?: string | null;
  /** What the cheap model says; null: it fails. */
  readonly say?: (prompt: string) => string | null | Promise<string>;
}

function open({
  session,
  contextTokens = 24_000,
  model = "fast",
  say = () => "Salt and sugar",
}: UpkeepOptions = {}) {
  const disk = new ChatDisk();
  const store = disk.open();
  const {
    leafMessageId: _,
    lastProvider: __,
    ...row
  } = { ...SESSION, titleSource: "question" as const, ...session };
  store.createSession(row);
  const log = new RecordingLog();
  const calls: AnswerInput[] = [];
  const told: { titles: string[]; summaries: ChatSummary[] } = { titles: [], summaries: [] };
  const events = (text: string): AnswerEvent[] => [
    // A first target breaks in the middle: nobody was shown its words.
    { type: "leg-start", target: OTHER_TARGET, attempt: 1 },
    { type: "text-delta", text: "Broken " },
    { type: "leg-start", target: TARGET, attempt: 2 },
    { type: "text-delta", text: text.slice(0, 3) },
    { type: "text-delta", text: text.slice(3) },
  ];
  const clock = new VirtualClock();
  const upkeep = new ChatUpkeep({
    store,
    clock,
    log,
    resolveModels: (requested) =>
      requested[0] === "fast"
        ? succeed({ requested, unspecified: false, models: [] })
        : fail("there is none"),
    runAnswer: async function* (input) {
      calls.push(input);
      const stopped = new Promise<null>((resolve) => {
        input.signal.addEventListener("abort", () => resolve(null), { once: true });
      });
      const said = await Promise.race([say(JSON.stringify(input.call.prompt)), stopped]);
      if (said !== null) yield events(said);
      const end = toEnd({ status: said === null ? "failed" : "complete" });
      return { end, record: { ...RECORD, id: input.selectionId, turnId: input.turnId, status: end.status } };
    },
    newSelectionId: () => `sel_upkeep_${calls.length}`,
    upkeepModel: model,
    contextTokens,
    onRecord: () => {},
    onTitle: (title) => told.titles.push(title),
    onSummary: (summary) => told.summaries.push(summary),
  });
  /** Questions and whole answers in turn, each of so many tokens; the id of the last. */
  let last: string | null = null;
  let count = 0;
  const talk = (...tokens: number[]): string | null => {
    for (const each of tokens) {
      const id = `m${count}`;
      const isQuestion = count % 2 === 0;
      const message = toMessage(id, isQuestion ? "user" : "assistant", `${id} ${"abcd".repeat(each)}`, last);
      store.messages.append(
        isQuestion ? message : { ...message, metadata: { ...RECEIPT, status: "complete" } },
      );
      last = id;
      count += 1;
    }
    return last;
  };
  return { disk, store, clock, log, calls, told, upkeep, talk };
}

describe("a title", () => {
  it("[SE87] is made of the first whole answer, told, and on record with the chat's new name", async () => {
    const { store, calls, told, upkeep, talk } = open();
    await upkeep.run(talk(5, 5));
    expect(told.titles).toEqual(["Salt and sugar"]);
    expect(store.readSession()).toMatchObject({ title: "Salt and sugar", titleSource: "model" });
    expect(calls).toMatchObject([{ turnId: null, sessionId: "chat_1", mayStartOver: true }]);
    expect(JSON.stringify(calls[0]?.call.prompt)).toContain("Person: m0");
    expect(store.readOutbox(9).map(({ message }) => [message.record.id, message.sessionTitle])).toEqual([
      ["sel_upkeep_0", "Salt and sugar"],
    ]);
    await upkeep.run(talk(5, 5));
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['"Salt and sugar."', "Salt and sugar"],
    ["„Salz und Zucker“", "Salz und Zucker"],
    ["# Salt\n\nAnd more", "Salt"],
  ])("[SE87] that was said as %j is %j", async (said, title) => {
    const { told, upkeep, talk } = open({ say: () => said });
    await upkeep.run(talk(5, 5));
    expect(told.titles).toEqual([title]);
  });

  it.each(["***", '""', "   "])(
    "[SE87] that says nothing (%j) leaves the name that the question gave",
    async (said) => {
      const { store, told, upkeep, talk } = open({ say: () => said });
      await upkeep.run(talk(5, 5));
      expect([told.titles, store.readSession()?.title]).toEqual([[], "Weather"]);
    },
  );

  it("[SE87] is also made for a chat whose question had no words to name it", async () => {
    const { told, upkeep, talk } = open({ session: { title: "New chat", titleSource: "none" } });
    await upkeep.run(talk(5, 5));
    expect(told.titles).toEqual(["Salt and sugar"]);
  });

  it("[SE31] [SE87] is not made for a chat that a person named, or a model before", async () => {
    for (const titleSource of ["person", "model"] as const) {
      const { calls, upkeep, talk } = open({ session: { titleSource } });
      await upkeep.run(talk(5, 5));
      expect(calls).toEqual([]);
    }
  });

  it("[SE31] [SE87] that comes when somebody has named the chat meanwhile is thrown away, and on record", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { store, told, upkeep, talk } = open({ say: () => promise });
    const work = upkeep.run(talk(5, 5));
    store.updateSession({ title: "Mine", titleSource: "person" });
    resolve("Salt and sugar");
    await work;
    expect([told.titles, store.readSession()?.title]).toEqual([[], "Mine"]);
    expect(store.readOutbox(9).map(({ message }) => message.sessionTitle)).toEqual([null]);
  });

  it("[SE87] waits for a whole answer", async () => {
    const { store, calls, upkeep, talk } = open();
    const question = talk(5);
    store.messages.append({
      ...toMessage("a", "assistant", "Half", question),
      metadata: { ...RECEIPT, status: "incomplete" },
    });
    await upkeep.run("a");
    await upkeep.run(question);
    expect(calls).toEqual([]);
  });

  it("[SE87] that nobody could give is tried again behind the next turn", async () => {
    let said: string | null = null;
    const { told, upkeep, talk, store } = open({ say: () => said });
    await upkeep.run(talk(5, 5));
    expect(store.readOutbox(9)).toHaveLength(1);
    said = "Salt";
    await upkeep.run(talk(5, 5));
    expect(told.titles).toEqual(["Salt"]);
  });

  it("[SE87] is not asked for where the model is switched off or unknown", async () => {
    for (const model of [null, "unknown"]) {
      const { calls, told, upkeep, talk } = open({ model });
      await upkeep.run(talk(5, 5));
      expect([calls, told.titles]).toEqual([[], []]);
    }
  });

  it("[SE33] [SE87] of a chat that was deleted meanwhile leaves no row", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { disk, store, upkeep, talk } = open({ say: () => promise });
    const work = upkeep.run(talk(5, 5));
    store.forget();
    for (const table of ["session", "message"]) disk.database.exec(`delete from ${table}`);
    resolve("Salt and sugar");
    await work;
    expect(disk.all("select * from outbox")).toEqual([]);
  });
});

describe("a summary", () => {
  const named = {
    session: { titleSource: "person" as const },
    contextTokens: 1_000,
    say: () => "They spoke of salt.",
  };

  it("[SE77] is made when three quarters are used, told, stored and on record", async () => {
    const { store, calls, told, upkeep, talk } = open(named);
    await upkeep.run(talk(100, 100, 100, 100));
    expect(calls).toEqual([]);
    await upkeep.run(talk(300, 100));
    expect(told.summaries).toEqual([{ upToMessageId: expect.any(String), text: "They spoke of salt." }]);
    const upTo = told.summaries[0]?.upToMessageId ?? "";
    expect(store.messages.find(upTo)?.role).toBe("assistant");
    expect(store.summaries.read()).toMatchObject([{ upToMessageId: upTo, body: "They spoke of salt." }]);
    expect(store.readOutbox(9)).toHaveLength(1);
    expect(JSON.stringify(calls[0]?.call.prompt)).toContain("Person: m0");
  });

  it("[SE260] is made as soon as the models that were asked have no room for the chat, though others had", async () => {
    const { store, calls, upkeep, talk } = open({ ...named, contextTokens: 24_000 });
    const leaf = talk(100, 100, 100, 100, 300, 100);
    await upkeep.run(leaf);
    expect(calls).toEqual([]);
    await upkeep.run(leaf, 1_000);
    expect(store.summaries.read()).toMatchObject([{ body: "They spoke of salt." }]);
  });

  it("[SE77] of more is made of the one before and what came since, however long the chat goes on", async () => {
    const { store, calls, upkeep, talk } = open(named);
    for (let round = 0; round < 40; round += 1) await upkeep.run(talk(100, 150));
    const summaries = store.summaries.read();
    expect(summaries.length).toBeGreaterThan(5);
    expect(summaries.length).toBe(calls.length);
    for (const [index, call] of calls.entries()) {
      const prompt = JSON.stringify(call.call.prompt);
      expect(prompt.includes("Summary of what came before")).toBe(index > 0);
      // What is folded already is not read again.
      expect(prompt.includes("Person: m0 ")).toBe(index === 0);
      expect(prompt.length).toBeLessThan(8_000);
    }
  });

  it("[SE77] [SE22] belongs to its branch: beside it nothing is said of it", async () => {
    const { store, calls, upkeep, talk } = open(named);
    await upkeep.run(talk(200, 200, 300, 100));
    expect(calls).toHaveLength(1);
    store.messages.append(toMessage("b0", "user", "abcd".repeat(600)));
    store.messages.append({ ...toMessage("b1", "assistant", "abcd".repeat(600), "b0"), metadata: RECEIPT });
    store.messages.append(toMessage("b2", "user", "x", "b1"));
    store.messages.append({ ...toMessage("b3", "assistant", "x", "b2"), metadata: RECEIPT });
    await upkeep.run("b3");
    expect(calls).toHaveLength(2);
    expect(JSON.stringify(calls[1]?.call.prompt)).not.toContain("Summary of what came before");
  });

  it("[SE95] knows what tools were asked and gave", async () => {
    const { store, calls, upkeep, talk } = open(named);
    const asked = talk(10) ?? "";
    const call = { type: "dynamic-tool", toolCallId: "c1", toolName: "weather", state: "input-available" };
    const parts = [{ type: "step-start" }, { ...call, input: { city: "Oslo" } }];
    const metadata = { ...RECEIPT, status: "complete" as const, finishReason: "tool-calls" as const };
    store.messages.append({ ...toMessage("a", "assistant", parts, asked), metadata });
    const output = toToolOutputPart({ toolCallId: "c1", toolName: "weather", output: "Rain ".repeat(900) });
    store.messages.append(toMessage("o", "user", [output], "a"));
    const done = { ...RECEIPT, status: "complete" as const };
    store.messages.append({ ...toMessage("b", "assistant", "It rains.", "o"), metadata: done });
    store.messages.append(toMessage("q", "user", "And now?", "b"));
    store.messages.append({ ...toMessage("c", "assistant", "Still.", "q"), metadata: done });
    await upkeep.run("c");
    const prompt = JSON.stringify(calls[0]?.call.prompt);
    expect(prompt).toContain("(called weather with");
    expect(prompt).toContain("Oslo");
    expect(prompt).toContain("(weather gave");
    expect(prompt.length).toBeLessThan(4_000);
  });

  it("[SE77] that fails leaves things as they are", async () => {
    const { store, told, upkeep, talk } = open({ ...named, say: () => null });
    await upkeep.run(talk(300, 300, 300, 100));
    expect([store.summaries.read(), told.summaries]).toEqual([[], []]);
    expect(store.readOutbox(9)).toHaveLength(1);
  });
});

describe("upkeep", () => {
  it("[SE87] waits a minute for an answer, and leaves nothing running that would keep the object awake", async () => {
    const hanging = open({ say: () => new Promise(() => {}) });
    const work = hanging.upkeep.run(hanging.talk(5, 5));
    await hanging.clock.advance(59_999);
    expect(hanging.calls[0]?.signal.aborted).toBe(false);
    await hanging.clock.advance(1);
    await work;
    expect(hanging.calls[0]?.signal.aborted).toBe(true);
    const quick = open();
    await quick.upkeep.run(quick.talk(5, 5));
    for (const { clock, calls } of [hanging, quick]) {
      expect(clock.pendingTimers).toBe(0);
      expect(calls).toHaveLength(1);
    }
  });

  it("[SE275] that cannot be stored is a line without what was said", async () => {
    const { store, log, upkeep, talk } = open();
    store.updateSession = () => {
      throw new DrizzleQueryError("update session", ["Salt and sugar"], new Error("the disk is full"));
    };
    await upkeep.run(talk(5, 5));
    expect(log.of("background_failed")).toMatchObject([
      { fields: { error: "Error: the disk is full in: update session" } },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain("Salt");
  });

  it("[SE87] is done once at a time, and a bug in it is logged and harms nobody", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const one = open({ say: () => promise });
    const leaf = one.talk(5, 5);
    const works = [one.upkeep.run(leaf), one.upkeep.run(leaf)];
    resolve("Salt");
    await Promise.all(works);
    expect(one.calls).toHaveLength(1);
    const broken = open({ say: () => Promise.reject(new Error("a bug")) });
    await broken.upkeep.run(broken.talk(5, 5));
    expect(broken.log.of("background_failed")).toHaveLength(1);
  });
});

describe("a chat that is deleted meanwhile", () => {
  it("[SE263] has its call stopped and on record, and asks nothing further", async () => {
    const { upkeep, store, calls, told, talk } = open({
      contextTokens: 1_000,
      say: () => new Promise(() => {}),
    });
    const work = upkeep.run(talk(200, 200, 300, 100));
    await upkeep.end();
    await work;
    expect([calls.length, store.readOutbox(9).length]).toEqual([1, 1]);
    expect(told).toEqual({ titles: [], summaries: [] });
    // It could not be deleted after all.
    void upkeep.run("m3");
    expect(calls).toHaveLength(2);
  });
});
