import { describe, expect, it } from "vitest";
import { parsePageCursor, toPageCursor } from "../../../src/analytics/page-cursor.ts";
import {
  MAX_BATCH_CHARACTERS,
  toInsertBatches,
  toWritten,
  toTouchedChats,
} from "../../../src/analytics/selection-batch.ts";
import { toIntentAnalytics, toProviderAnalytics } from "../../../src/analytics/summarize.ts";
import type { CountedSelection, CountedSelections } from "../../../src/analytics/summarize.ts";
import { IntentAnalytics, ProviderAnalytics } from "../../../src/protocol/analytics.ts";
import type { SelectionRecord } from "../../../src/protocol/selection.ts";

const row = (changes: Partial<CountedSelection> = {}): CountedSelection => ({
  provider: "openai",
  model: "gpt",
  intent: "chat",
  mode: "auto",
  status: "complete",
  affinity: false,
  firstTokenMs: null,
  inputTokens: null,
  outputTokens: null,
  costMicroUsd: null,
  ...changes,
});

const all = (selections: readonly CountedSelection[]): CountedSelections => ({ selections, limited: false });

describe("figures", () => {
  it("[AN60] say that there is more than was counted", () => {
    const some = { selections: [row()], limited: true };
    expect(ProviderAnalytics.parse(toProviderAnalytics(0, some, new Map())).limited).toBe(true);
    expect(IntentAnalytics.parse(toIntentAnalytics(0, some)).limited).toBe(true);
  });

  it("[HT301] the cost of all has what was paid for answers that nobody gave", () => {
    const rows = [
      row({ costMicroUsd: 7 }),
      row({ provider: "google" }),
      row({ provider: null, model: null, status: "failed", costMicroUsd: 30 }),
      row({ provider: null, model: null, status: "failed" }),
    ];
    const figures = ProviderAnalytics.parse(toProviderAnalytics(0, all(rows), new Map()));
    expect(figures).toMatchObject({ total: 4, costMicroUsd: 37, unpricedRequests: 2 });
    expect(figures.providers.map(({ costMicroUsd }) => costMicroUsd)).toEqual([7, 0]);
  });

  it("[HT34] counts each provider's requests, models, outcomes, tokens and cost", () => {
    const rows = [
      row({ firstTokenMs: 300, inputTokens: 10, outputTokens: 1, costMicroUsd: 7, affinity: true }),
      row({ firstTokenMs: 100, inputTokens: 20, status: "failed", costMicroUsd: 0 }),
      row({ firstTokenMs: 200, status: "incomplete", model: "gpt-mini" }),
      row({ status: "cancelled" }),
      row({ provider: "google", model: null }),
      row({ provider: null, model: null, status: "failed" }),
    ];
    const figures = ProviderAnalytics.parse(
      toProviderAnalytics(0, all(rows), new Map([["google", "HALF_OPEN"]])),
    );
    expect(figures.total).toBe(6);
    expect(figures.providers.map((provider) => provider.provider)).toEqual(["openai", "google"]);
    expect(figures.providers[0]).toEqual({
      provider: "openai",
      requests: 4,
      complete: 1,
      failed: 2,
      models: [
        { model: "gpt", requests: 3 },
        { model: "gpt-mini", requests: 1 },
      ],
      affinityRate: 0.25,
      firstTokenP50Ms: 200,
      firstTokenP95Ms: 300,
      inputTokens: 30,
      outputTokens: 1,
      costMicroUsd: 7,
      unpricedRequests: 2,
      circuit: null,
    });
    expect(figures.providers[1]).toMatchObject({ circuit: "HALF_OPEN", firstTokenP50Ms: null });
  });

  it("[HT34] breaks intents down by provider and mode, answered or not", () => {
    const rows = [row(), row(), row({ mode: "pinned" }), row({ provider: null }), row({ intent: "code" })];
    const figures = IntentAnalytics.parse(toIntentAnalytics(0, all(rows)));
    expect(figures).toEqual({
      since: "1970-01-01T00:00:00.000Z",
      total: 5,
      limited: false,
      intents: [
        {
          intent: "chat",
          requests: 4,
          breakdown: [
            { provider: "openai", mode: "auto", requests: 2 },
            { provider: "openai", mode: "pinned", requests: 1 },
            { provider: "none", mode: "auto", requests: 1 },
          ],
        },
        { intent: "code", requests: 1, breakdown: [{ provider: "openai", mode: "auto", requests: 1 }] },
      ],
    });
  });
});

const RECORD: SelectionRecord = {
  id: "sel_0",
  requestId: "r",
  organizationId: "o",
  userId: "u",
  sessionId: null,
  turnId: null,
  createdAt: "2026-11-20T12:00:00.000Z",
  requested: ["x".repeat(1_000)],
  mode: "auto",
  intent: "chat",
  candidates: [],
  decision: null,
  attempts: [],
  status: "complete",
  provider: null,
  model: null,
  affinity: false,
  firstTokenMs: null,
  durationMs: 0,
  usage: {
    inputTokens: null,
    cachedInputTokens: null,
    cacheWriteTokens: null,
    outputTokens: null,
    reasoningTokens: null,
  },
  costMicroUsd: null,
  sandbox: true,
};

describe("pages and batches", () => {
  it("[HT19] takes only cursors of its own making", () => {
    const cursor = { atMs: 1_763_640_000_000, id: "chat_01" };
    expect(parsePageCursor(toPageCursor(cursor))).toEqual({ ok: true, value: cursor });
    for (const text of ["", "1", "1.", ".a", "1.a'--", "-1.a", "1e3.a", `1.${"a".repeat(101)}`]) {
      expect(parsePageCursor(text)).toEqual({ ok: false, error: "invalid-cursor" });
    }
  });

  it("[HT35] cuts records into texts that the database takes, none lost and none twice", () => {
    const records = Array.from({ length: 1_000 }, (_, index) => ({ ...RECORD, id: `sel_${index}` }));
    const batches = toInsertBatches(records.map(toWritten));
    expect(batches.length).toBeGreaterThan(1);
    for (const { json } of batches) expect(json.length).toBeLessThan(MAX_BATCH_CHARACTERS * 1.1);
    const ids = batches.flatMap(({ json }) => [...json.matchAll(/"id":"(sel_\d+)"/g)].map(([, id]) => id));
    expect(batches.flatMap((batch) => batch.records)).toEqual(records);
    expect(ids).toEqual(records.map(({ id }) => id));
    expect(toInsertBatches([])).toEqual([]);
  });

  it("[HT19] the newest record of each chat says when it was answered last; without a chat nobody is looked for", () => {
    const at = (sessionId: string | null, second: number, durationMs = 0): SelectionRecord => ({
      ...RECORD,
      sessionId,
      durationMs,
      createdAt: `2026-11-20T12:00:0${second}.000Z`,
    });
    expect(toTouchedChats([at(null, 1), at(null, 2)])).toBeNull();
    const touched = toTouchedChats([at("a", 3), at("b", 1, 500), at("a", 2), at(null, 9)]);
    expect(JSON.parse(touched ?? "")).toEqual([
      { sessionId: "a", organizationId: "o", atMs: Date.parse("2026-11-20T12:00:03.000Z") },
      { sessionId: "b", organizationId: "o", atMs: Date.parse("2026-11-20T12:00:01.500Z") },
    ]);
  });
});
