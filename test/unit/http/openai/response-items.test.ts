/** Items that a request names: which they are, which rows hold them, and what becomes of those that are not there. */
import { describe, expect, it } from "vitest";
import { findItems, MAX_REFERENCES } from "../../../../src/http/openai/responses/items/find-items.ts";
import {
  keepItems,
  keepSaid,
  MAX_ITEMS_BYTES,
} from "../../../../src/http/openai/responses/items/keep-items.ts";
import type {
  ItemSearch,
  NewResponseItems,
  ResponseItemStore,
} from "../../../../src/http/openai/responses/items/store.ts";
import {
  createItemIds,
  parseItemStem,
  toItemStem,
} from "../../../../src/http/openai/responses/response-id.ts";
import { toResponseCall } from "../../../../src/http/openai/responses/to-response-call.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { RECORD, toEnd } from "../../session/answer-fixtures.ts";

const STEM = "01k9z7w0h8a4xv3n5c2b6d8e0f";
const PLACE = { organizationId: "org_a", stem: STEM };
const MESSAGE = {
  id: `msg_${STEM}2`,
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "Let me look.", annotations: [], logprobs: [] }],
};
const CALL = {
  id: `fc_${STEM}3`,
  type: "function_call",
  status: "completed",
  call_id: "c1",
  name: "f",
  arguments: "{}",
};
const THOUGHTS = { id: `rs_${STEM}1`, type: "reasoning", status: "completed", summary: [] };
const OUTPUT = { type: "function_call_output", call_id: "c1", output: "Rain" };
const nameItem = ({ id }: { readonly id: string }) => ({ type: "item_reference", id });
const parse = (input: readonly object[]) => ResponseRequest.parse({ input });

function createWorld(rows: readonly string[] | null = [JSON.stringify([THOUGHTS, MESSAGE, CALL])]) {
  const searches: ItemSearch[] = [];
  const saved: NewResponseItems[] = [];
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const responseItems: ResponseItemStore = {
    find: (search) => {
      searches.push(search);
      return Promise.resolve(rows === null ? null : [...rows]);
    },
    save: (entry) => {
      saved.push(entry);
      return Promise.resolve();
    },
    deleteExpired: () => Promise.resolve(0),
  };
  const deps = { clock, log, responseItems, waitUntil: () => {} };
  const call = async (input: readonly object[]) => {
    const request = parse(input);
    const named = await findItems(deps, "org_a", request.input);
    return named.ok ? toResponseCall(request, named.value) : named;
  };
  return { deps, searches, saved, clock, log, call };
}

describe("the id of an item", () => {
  it("[HT196] leads to its response", () => {
    const newItemId = createItemIds(`resp_${STEM}`);
    expect([newItemId("rs"), newItemId("msg"), newItemId("fc")]).toEqual([THOUGHTS.id, MESSAGE.id, CALL.id]);
    expect([THOUGHTS, MESSAGE, CALL].map(({ id }) => parseItemStem(id))).toEqual([STEM, STEM, STEM]);
    expect(toItemStem(`resp_${STEM}`)).toBe(STEM);
  });

  it.each([
    "",
    "msg_1",
    `msg_${STEM}`,
    `msg_${STEM}0`,
    `resp_${STEM}1`,
    `msg_${STEM}123456`,
    ` msg_${STEM}1`,
  ])("[HT197] of nobody's making leads nowhere: %j", (id) => {
    expect(parseItemStem(id)).toBeNull();
  });
});

describe("a request that names items", () => {
  it("[HT197] is the same call as one that sends them", async () => {
    const { call, searches } = createWorld();
    const question = { role: "user", content: "Weather?" };
    const named = await call([question, nameItem(THOUGHTS), nameItem(MESSAGE), nameItem(CALL), OUTPUT]);
    expect(named.ok).toBe(true);
    expect(named).toEqual(toResponseCall(parse([question, THOUGHTS, MESSAGE, CALL, OUTPUT])));
    expect(searches).toMatchObject([{ organizationId: "org_a", stems: [STEM], maxBytes: 8_388_608 }]);
  });

  it.each([{}, { type: null }, { type: undefined }])(
    "[HT220] may leave the type of a reference out, as OpenAI's own clients do: %j",
    async (type) => {
      const question = { role: "user", content: "Weather?" };
      const call = await createWorld().call([question, { ...type, id: MESSAGE.id }]);
      expect(call.ok).toBe(true);
      expect(call).toEqual(toResponseCall(parse([question, MESSAGE])));
    },
  );

  it("[HT220] takes nothing but an id for a reference without a type", () => {
    const read = (item: object) => ResponseRequest.safeParse({ input: [item] });
    expect(read({ id: MESSAGE.id, content: "Hello" }).error?.issues[0]).toMatchObject({
      code: "unrecognized_keys",
      keys: ["content"],
    });
    expect(read({ content: "Hello" }).success).toBe(false);
  });

  it("[HT197] asks for each response once, and for none when there is nothing to find", async () => {
    const { call, searches } = createWorld();
    expect(await call([nameItem({ id: "msg_elsewhere" })])).toMatchObject({
      error: { param: "input.0", message: expect.stringContaining("there is no item msg_elsewhere;") },
    });
    await call([{ role: "user", content: "Hello" }]);
    expect(searches).toEqual([]);
  });

  it.each([
    ["is gone", []],
    ["has a shape that is not taken", [JSON.stringify([{ ...MESSAGE, content: 1 }])]],
    ["is another of that response", [JSON.stringify([CALL])]],
  ])("[HT197] is told of one that %s", async (_, rows) => {
    expect(await createWorld(rows).call([{ role: "user", content: "Hi" }, nameItem(MESSAGE)])).toMatchObject({
      error: { code: "invalid-request", param: "input.1" },
    });
  });

  it("[HT197] is bounded", async () => {
    const { call, searches } = createWorld();
    expect(await call([nameItem(MESSAGE), nameItem(MESSAGE)])).toMatchObject({
      error: { param: "input.1", message: `input.1: the item ${MESSAGE.id} is named twice.` },
    });
    const many = Array.from({ length: MAX_REFERENCES + 1 }, (_, index) => nameItem({ id: `msg_${index}` }));
    expect(await call(many)).toMatchObject({ error: { param: "input" } });
    expect(searches).toEqual([]);
    expect(await createWorld(null).call([nameItem(MESSAGE)])).toMatchObject({ error: { param: "input" } });
  });
});

describe("keeping items", () => {
  it("[HT196] puts all of a response into one row, for a day", async () => {
    const { deps, saved, clock } = createWorld();
    await keepItems(deps, PLACE, [MESSAGE, CALL]);
    const items = JSON.stringify([MESSAGE, CALL]);
    const createdAtMs = clock.nowMs();
    expect(saved).toEqual([
      { ...PLACE, items, bytes: items.length, createdAtMs, expiresAtMs: createdAtMs + 86_400_000 },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("[HT196] leaves out what has no items, and what is too large", async () => {
    const { deps, saved } = createWorld();
    await keepItems(deps, PLACE, []);
    await keepItems(deps, PLACE, [{ ...MESSAGE, content: "é".repeat(MAX_ITEMS_BYTES / 2) }]);
    expect(saved).toEqual([]);
  });

  it("[HT196] neither fails an answer nor holds it up for more than a second", async () => {
    const { deps, clock, log } = createWorld();
    const failing = { ...deps.responseItems, save: () => Promise.reject(new Error("no such table")) };
    await keepItems({ ...deps, responseItems: failing }, PLACE, [MESSAGE]);
    expect(log.lines).toMatchObject([
      { event: "background_failed", fields: { task: "response-items-save" } },
    ]);
    const silent = { ...deps.responseItems, save: () => new Promise<void>(() => {}) };
    const startedMs = clock.nowMs();
    const kept = keepItems({ ...deps, responseItems: silent }, PLACE, [MESSAGE]);
    await clock.advance(1_000);
    await kept;
    expect(clock.nowMs() - startedMs).toBe(1_000);
  });

  it.each([
    ["complete", 1],
    ["incomplete", 0],
    ["failed", 0],
    ["cancelled", 0],
  ] as const)("[HT196] passes an answer on that is %s, and keeps it %i times", async (status, times) => {
    const { deps, saved } = createWorld();
    const outcome = { end: toEnd({ status }), record: RECORD };
    const answer = (async function* () {
      await Promise.resolve();
      yield [{ type: "text-delta" as const, text: "one" }];
      return outcome;
    })();
    const passed = keepSaid(deps, PLACE, { listSaid: () => [MESSAGE] }, answer);
    expect(await passed.next()).toEqual({ done: false, value: [{ type: "text-delta", text: "one" }] });
    expect(saved).toEqual([]);
    expect(await passed.next()).toEqual({ done: true, value: outcome });
    expect(saved).toHaveLength(times);
  });
});
