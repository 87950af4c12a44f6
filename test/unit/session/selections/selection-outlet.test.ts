/** Records of calls without a chat on their way to the queue. Rule HT173. */
import { expect, it, vi } from "vitest";
import { UNKNOWN_USAGE } from "../../../../src/protocol/answer.ts";
import type { SelectionRecord } from "../../../../src/protocol/selection.ts";
import { succeed } from "../../../../src/base/result.ts";
import { readBundle, toBundles } from "../../../../src/session/selections/selection-bundle.ts";
import { SelectionOutlet } from "../../../../src/session/selections/selection-outlet.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

function readRecords(text: string): readonly SelectionRecord[] {
  const bundle = readBundle(text);
  if (!bundle.ok) throw new Error(bundle.error);
  return bundle.value.records;
}

function open(refuses: { queue?: boolean; database?: boolean } = {}) {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const batches: string[][] = [];
  const sizes: number[][] = [];
  const inserted: string[] = [];
  const work: Promise<unknown>[] = [];
  const outlet = new SelectionOutlet({
    clock,
    log,
    sendBatch: (messages) => {
      if (refuses.queue === true) return Promise.reject(new Error("the queue is down"));
      batches.push(messages.flatMap(({ body }) => readRecords(body).map(({ requestId }) => requestId)));
      sizes.push(messages.map(({ body }) => Buffer.byteLength(body)));
      return Promise.resolve();
    },
    insert: (records) => {
      if (refuses.database === true) return Promise.reject(new Error("the database is down"));
      inserted.push(...records.map(({ requestId }) => requestId));
      return Promise.resolve();
    },
    waitUntil: (each) => work.push(each),
  });
  const settle = (): Promise<unknown> => clock.runUntil(Promise.all(work));
  return { clock, log, batches, sizes, inserted, work, outlet, settle };
}

const record = (requestId: string): SelectionRecord => ({
  id: `sel_${requestId}`,
  requestId,
  organizationId: "org",
  userId: "user",
  sessionId: null,
  turnId: null,
  createdAt: "2026-11-20T12:00:00.000Z",
  requested: ["fast"],
  mode: "class",
  intent: "chat",
  candidates: [],
  decision: null,
  attempts: [],
  status: "failed",
  provider: null,
  model: null,
  affinity: false,
  firstTokenMs: null,
  durationMs: 1,
  usage: UNKNOWN_USAGE,
  costMicroUsd: 0,
  sandbox: false,
});

it("[HT173] those of a moment go in one call, and one request waits for all of them", async () => {
  const { outlet, batches, work, settle, clock } = open();
  for (const id of ["a", "b", "c"]) outlet.add(record(id));
  expect([batches, work.length]).toEqual([[], 1]);
  await settle();
  expect(batches).toEqual([["a", "b", "c"]]);
  expect(clock.nowMs()).toBeGreaterThan(0);
  outlet.add(record("d"));
  await settle();
  expect(batches.at(-1)).toEqual(["d"]);
});

it("[HT173] [HT372] those of a request that the platform has ended go with the first one two seconds later", async () => {
  const { outlet, batches, work, settle, clock } = open();
  // Whoever was to take them never wakes.
  const sleep = vi.spyOn(clock, "sleep").mockReturnValueOnce(new Promise<void>(() => undefined));
  outlet.add(record("a"));
  work.length = 0;
  await clock.advance(2_000);
  outlet.add(record("b"));
  expect(work).toEqual([]);
  await clock.advance(1);
  outlet.add(record("c"));
  await settle();
  expect(batches).toEqual([["a", "b", "c"]]);
  expect(sleep).toHaveBeenCalledTimes(2);
});

it("[HT173] many go as few messages, in calls that the platform takes", async () => {
  const { outlet, batches, sizes, settle, clock } = open();
  for (let each = 0; each < 1_000; each += 1)
    outlet.add({ ...record(`r${each}`), requested: ["é".repeat(500)] });
  // Two hundred are enough: nobody waits for more.
  await clock.settle();
  expect(batches.flat()).toHaveLength(1_000);
  await settle();
  expect(batches.flat()).toHaveLength(1_000);
  expect(new Set(batches.flat()).size).toBe(1_000);
  expect(sizes.flat().length).toBeLessThan(50);
  expect(Math.max(...sizes.flat())).toBeLessThanOrEqual(64_100);
  expect(Math.max(...sizes.map((call) => call.reduce((sum, size) => sum + size, 0)))).toBeLessThan(256_000);
});

it("[HT173] a bundle gives back what is a record, and says what is not", () => {
  const [bundle] = toBundles([record("a"), record("b")]);
  expect(readBundle(bundle?.text ?? "")).toEqual(
    succeed({
      records: [record("a"), record("b")],
      items: [record("a"), record("b")].map((each) => JSON.stringify(each)).join(","),
      mistake: null,
    }),
  );
  const broken = JSON.stringify([record("a"), { id: 1 }, record("b")]);
  expect(readBundle(broken)).toMatchObject({
    value: {
      records: [{ requestId: "a" }, { requestId: "b" }],
      items: [record("a"), record("b")].map((each) => JSON.stringify(each)).join(","),
      mistake: expect.stringContaining("expected"),
    },
  });
  expect([readBundle("[{").ok, readBundle("{}").ok]).toEqual([false, false]);
});

it("[HT173] when the queue refuses they are written, and when that fails the log has each of them", async () => {
  const written = open({ queue: true });
  written.outlet.add(record("a"));
  await written.settle();
  expect(written.inserted).toEqual(["a"]);
  const lost = open({ queue: true, database: true });
  lost.outlet.add(record("a"));
  lost.outlet.add(record("b"));
  await lost.settle();
  expect(lost.log.of("selection_log_failed").map(({ fields }) => fields)).toMatchObject([
    { request_id: "a" },
    { request_id: "b" },
  ]);
});
