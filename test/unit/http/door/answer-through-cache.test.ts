/** The cache's way through a call, with its store in memory and its clock in hand. */
import { describe, expect, it } from "vitest";
import {
  answerThroughCache,
  startCacheNote,
  toCacheFacts,
  toCacheHeaders,
} from "../../../../src/http/door/cache/answer-through-cache.ts";
import type { AnswerCacheStore, NewKeptAnswer } from "../../../../src/http/door/cache/store.ts";
import type { AnswerInput } from "../../../../src/routing/run-answer.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { RECORD, TARGET, toEnd } from "../../session/answer-fixtures.ts";

const INPUT: AnswerInput = {
  models: { requested: ["fast"], unspecified: false, models: [] },
  policy: null,
  call: { prompt: [{ role: "user", content: [{ type: "text", text: "Hello?" }] }] },
  question: "Hello?",
  selectionId: "sel_1",
  requestId: "req_1",
  organizationId: "org_a",
  userId: "user_a",
  sessionId: null,
  turnId: null,
  lastProvider: null,
  signal: new AbortController().signal,
};

function createWorld(changes: Partial<AnswerCacheStore> = {}, isSilent = false) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const rows = new Map<string, NewKeptAnswer>();
  const pending: Promise<unknown>[] = [];
  let calls = 0;
  const answerCache: AnswerCacheStore = {
    find: ({ organizationId, key }, sinceMs, nowMs) => {
      if (isSilent) {
        setImmediate(() => void clock.advance(1_000));
        return new Promise(() => {});
      }
      const row = rows.get(`${organizationId} ${key}`);
      const lives = row !== undefined && row.createdAtMs > sinceMs && row.expiresAtMs > nowMs;
      return Promise.resolve(lives ? row : null);
    },
    save: (entry) => {
      rows.set(`${entry.organizationId} ${entry.key}`, entry);
      return Promise.resolve();
    },
    deleteExpired: () => Promise.resolve(0),
    ...changes,
  };
  const deps = {
    clock,
    log,
    answerCache,
    isSandbox: () => false,
    waitUntil: (work: Promise<unknown>) => void pending.push(work),
    runAnswer: async function* () {
      calls += 1;
      await Promise.resolve();
      const events: AnswerEvent[] = [
        { type: "leg-start", target: TARGET, attempt: 1 },
        { type: "text-delta", text: `Answer ${calls}` },
      ];
      yield events;
      return { end: toEnd({ costMicroUsd: 7 }), record: RECORD };
    },
  };
  const ask = async (wish: { seconds: number; refresh?: boolean }, input: Partial<AnswerInput> = {}) => {
    const full = { refresh: false, ...wish };
    const note = startCacheNote(full);
    const answer = answerThroughCache(deps, full, note, { ...INPUT, ...input });
    let words = "";
    for (;;) {
      const next = await answer.next();
      if (next.done === true) {
        await Promise.all(pending);
        return {
          words,
          note,
          headers: toCacheHeaders(note),
          facts: toCacheFacts(note),
          record: next.value.record,
        };
      }
      for (const event of next.value) if (event.type === "text-delta") words += event.text;
    }
  };
  return { ask, clock, log, rows, calls: () => calls };
}

describe("a call by way of the cache", () => {
  it("[HT143] [HT144] [HT145] is asked once, then told again", async () => {
    const { ask, clock, log, calls } = createWorld();
    expect(await ask({ seconds: 60 })).toMatchObject({
      words: "Answer 1",
      headers: { "x-breakwater-cache": "miss" },
      facts: { hit: false, stored: true },
      record: RECORD,
    });
    await clock.advance(5_900);
    expect(await ask({ seconds: 60 }, { requestId: "req_2", selectionId: "sel_2" })).toMatchObject({
      words: "Answer 1",
      headers: { "x-breakwater-cache": "hit", "x-breakwater-saved-micro-usd": "7" },
      facts: { hit: true, ageSeconds: 5, savedMicroUsd: 7 },
      note: { hit: { selectionId: "sel_1" } },
      record: null,
    });
    expect(calls()).toBe(1);
    const fields = {
      request_id: "req_2",
      org_id: "org_a",
      selection_id: "sel_1",
      age_seconds: 5,
      saved_micro_usd: 7,
    };
    expect(log.of("cache_hit")).toEqual([{ level: "info", event: "cache_hit", fields }]);
  });

  it("[HT147] is as old as who asks allows, and as who kept it allowed", async () => {
    const { ask, clock } = createWorld();
    await ask({ seconds: 60 });
    await clock.advance(30_000);
    expect((await ask({ seconds: 31 })).note.status).toBe("hit");
    expect((await ask({ seconds: 30 })).words).toBe("Answer 2");
    await clock.advance(29_999);
    expect((await ask({ seconds: 60 })).note.status).toBe("hit");
    await clock.advance(1);
    expect((await ask({ seconds: 604_800 })).words).toBe("Answer 3");
  });

  it("[HT140] [HT144] is asked anew on wish, and the new answer is kept", async () => {
    const { ask } = createWorld();
    await ask({ seconds: 60 });
    expect(await ask({ seconds: 60, refresh: true })).toMatchObject({
      words: "Answer 2",
      headers: { "x-breakwater-cache": "bypass" },
      facts: { hit: false, stored: true },
    });
    expect((await ask({ seconds: 60 })).words).toBe("Answer 2");
  });

  it("[HT142] of one organization is nothing to another", async () => {
    const { ask, rows } = createWorld();
    await ask({ seconds: 60 });
    expect(await ask({ seconds: 60 }, { organizationId: "org_b" })).toMatchObject({
      words: "Answer 2",
      note: { status: "miss" },
    });
    expect([...rows.values()].map((row) => row.organizationId)).toEqual(["org_a", "org_b"]);
    expect(new Set([...rows.values()].map((row) => row.key)).size).toBe(2);
  });

  it("[HT144] that no kept answer can answer is asked and not kept", async () => {
    const { ask, rows } = createWorld();
    const native = { wire: "openai-chat" as const, body: {}, onlyHere: ["logprobs"], stream: false };
    const asked = await ask({ seconds: 60 }, { call: { ...INPUT.call, native } });
    expect(asked).toMatchObject({ note: { status: "uncacheable" }, facts: { hit: false, stored: false } });
    expect(rows.size).toBe(0);
  });
});

describe("a cache that is not well", () => {
  const away = () => Promise.reject(new Error("away"));
  it.each([
    ["cannot be read", { find: away }, "answer-cache-read"],
    [
      "holds something else",
      { find: () => Promise.resolve({ answer: "{}", createdAtMs: 1 }) },
      "answer-cache-read",
    ],
    ["cannot be written", { save: away }, "answer-cache-save"],
  ])("[HT149] %s: the call goes on without it", async (_, changes, task) => {
    const { ask, log, clock } = createWorld(changes);
    expect(await ask({ seconds: 60 })).toMatchObject({
      words: "Answer 1",
      headers: { "x-breakwater-cache": "miss" },
    });
    expect(log.of("background_failed")).toMatchObject([{ fields: { task } }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[HT149] does not answer: the call goes on without it after a second", async () => {
    const { ask, log } = createWorld({}, true);
    expect(await ask({ seconds: 60 })).toMatchObject({ words: "Answer 1", note: { status: "miss" } });
    expect(log.of("background_failed")).toMatchObject([{ fields: { task: "answer-cache-read" } }]);
  });
});
