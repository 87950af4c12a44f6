/** The queue's end in workerd: selection messages into real D1, dead letters into real R2. */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { newSelectionId } from "../../src/base/id.ts";
import { SelectionRecord } from "../../src/protocol/selection.ts";
import type { NewSelectionMessage } from "../../src/session/selections/selection-message.ts";
import { systemIdSource } from "../../src/system.ts";
import worker from "../../src/worker.ts";
import { bindings, toFailing } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createVisitor } from "./sandbox-people.ts";

const QUEUE = "breakwater-selections";
const UNKNOWN_USAGE = {
  inputTokens: null,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  outputTokens: null,
  reasoningTokens: null,
};

let ada: Awaited<ReturnType<typeof createVisitor>>;
beforeAll(async () => {
  ada = await createVisitor();
});

function toMessage(changes: Partial<SelectionRecord> = {}): NewSelectionMessage {
  return {
    sessionTitle: null,
    record: {
      id: newSelectionId(systemIdSource),
      requestId: "req_1",
      organizationId: ada.organizationId,
      userId: ada.userId,
      sessionId: null,
      turnId: null,
      createdAt: new Date().toISOString(),
      requested: ["fast"],
      mode: "class",
      intent: "chat",
      candidates: [],
      decision: null,
      attempts: [],
      status: "complete",
      provider: "openai",
      model: "gpt-6-luna",
      affinity: false,
      firstTokenMs: 10,
      durationMs: 20,
      usage: UNKNOWN_USAGE,
      costMicroUsd: null,
      sandbox: true,
      ...changes,
    },
  };
}

/** Delivers bodies as one batch; what became of each message, by its place. */
async function deliver(
  bodies: readonly unknown[],
  env: Bindings = bindings,
  { queue = QUEUE, attempts = 1 }: { queue?: string; attempts?: number } = {},
) {
  const messages = bodies.map((body, index) => ({
    id: `m${index}`,
    timestamp: new Date(),
    attempts,
    body,
  }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  await worker.queue(batch, env);
  const result = await getQueueResult(batch, context);
  return { acked: result.explicitAcks, retried: result.retryMessages.map((message) => message.msgId) };
}

async function readRecord(id: string): Promise<SelectionRecord | null> {
  const answer = await ada.call("GET", `/api/v1/selections/${id}`);
  return answer.status === 404 ? null : SelectionRecord.parse(await answer.json());
}

async function countRows(id: string): Promise<number> {
  const row = await bindings.DB.prepare("select count(*) as n from selection where id = ?")
    .bind(id)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

describe("a record", () => {
  it("[RT35] is written once, twice in a batch or in batches on their own", async () => {
    const [one, two] = [toMessage(), toMessage({ status: "failed", provider: null, model: null })];
    expect(await deliver([one, two, one])).toEqual({ acked: ["m0", "m1", "m2"], retried: [] });
    expect(await deliver([one])).toEqual({ acked: ["m0"], retried: [] });
    await Promise.all([deliver([two, one]), deliver([one, two])]);
    expect([await countRows(one.record.id), await countRows(two.record.id)]).toEqual([1, 1]);
    expect(await readRecord(one.record.id)).toEqual(one.record);
    expect(await readRecord(two.record.id)).toEqual(two.record);
  });

  it("[RT35] of an older shape, without a title, is taken", async () => {
    const { record } = toMessage();
    expect(await deliver([{ record }])).toEqual({ acked: ["m0"], retried: [] });
    expect(await readRecord(record.id)).toEqual(record);
  });

  it("[HT173] of many in one message is written once, however often that comes; one that is none stops no other", async () => {
    const [one, two, three] = [toMessage().record, toMessage().record, toMessage().record];
    const text = JSON.stringify([one, two]);
    expect(await deliver([text, text])).toEqual({ acked: ["m0", "m1"], retried: [] });
    expect([await readRecord(one.id), await readRecord(two.id)]).toEqual([one, two]);
    expect(await countRows(one.id)).toBe(1);
    const lines = await collectLog("selection_log_failed", async () => {
      const broken = JSON.stringify([{ ...one, status: "exploded" }, three]);
      expect(await deliver([broken])).toEqual({ acked: [], retried: ["m0"] });
    });
    expect(lines).toHaveLength(1);
    expect(await readRecord(three.id)).toEqual(three);
  });

  it("[HT173] beside one that is none is told of once, however often their message comes", async () => {
    const mixed = JSON.stringify([toMessage().record, { id: "none" }]);
    const away = { ...bindings, LIVE_CONSOLE: toFailing(bindings.LIVE_CONSOLE) };
    const told = await collectLog("background_failed", async () => {
      for (const attempts of [1, 2, 3]) {
        expect(await deliver([mixed], away, { attempts })).toEqual({ acked: [], retried: ["m0"] });
      }
    });
    expect(told).toMatchObject([{ task: "selection-publish" }]);
  });

  it("[RT35] waits in the queue while the database is away, and is there once it is back", async () => {
    const message = toMessage();
    const lines = await collectLog("selection_log_failed", async () => {
      const away = { ...bindings, DB: toFailing(bindings.DB) };
      expect(await deliver([message, "nonsense"], away)).toEqual({ acked: [], retried: ["m0", "m1"] });
    });
    expect(lines.map((line) => line["request_id"])).toEqual(["m1", "req_1"]);
    expect(await readRecord(message.record.id)).toBeNull();
    expect(await deliver([message])).toEqual({ acked: ["m0"], retried: [] });
    expect(await countRows(message.record.id)).toBe(1);
  });

  it("[OP65] is tried again later each time while the database is away, for more than an hour in all", async () => {
    const away = { ...bindings, DB: toFailing(bindings.DB) };
    const delays: unknown[] = [];
    await collectLog("selection_log_failed", async () => {
      for (const attempts of [1, 2, 3, 4, 5]) {
        const sent = { id: "m0", timestamp: new Date(), attempts, body: toMessage() };
        const batch = createMessageBatch(QUEUE, [sent]);
        // The local queue does not say later how it was asked to wait.
        for (const message of batch.messages) {
          vi.spyOn(message, "retry").mockImplementation((options) => void delays.push(options?.delaySeconds));
        }
        await worker.queue(batch, away);
      }
    });
    expect(delays).toEqual([5, 25, 125, 625, 3_125]);
  });

  it("[RT35] is acknowledged although nobody can be shown it", async () => {
    const message = toMessage();
    const lines = await collectLog("background_failed", async () => {
      const away = { ...bindings, LIVE_CONSOLE: toFailing(bindings.LIVE_CONSOLE) };
      expect(await deliver([message], away)).toEqual({ acked: ["m0"], retried: [] });
    });
    expect(lines).toMatchObject([{ level: "warn", task: "selection-publish" }]);
    expect(await countRows(message.record.id)).toBe(1);
  });
});

describe("a message of another shape", () => {
  it("[RT36] is retried, and stops nothing behind it", async () => {
    const good = toMessage();
    const bad = { record: { ...good.record, status: "exploded" } };
    const lines = await collectLog("selection_log_failed", async () => {
      expect(await deliver([null, bad, good, 42])).toEqual({ acked: ["m2"], retried: ["m0", "m1", "m3"] });
    });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      level: "error",
      request_id: "m0",
      error: expect.stringContaining("another shape"),
    });
    expect(await readRecord(good.record.id)).toEqual(good.record);
  });

  it.each(["breakwater-selections-dead", "breakwater-selections-dead-staging"])(
    "[RT36] ends as a file by way of %s, under the day it was given up",
    async (queue) => {
      const bodies = [{ record: "not a record" }, toMessage(), [toMessage().record]];
      // A bundle is a text: its file is the array itself.
      const sent = bodies.map((body) => (Array.isArray(body) ? JSON.stringify(body) : body));
      const lines = await collectLog("selection_log_failed", async () => {
        expect(await deliver(sent, bindings, { queue })).toEqual({ acked: ["m0", "m1", "m2"], retried: [] });
      });
      const day = new Date().toISOString().slice(0, 10);
      for (const [index, body] of bodies.entries()) {
        const key = `dead-letters/selections/${day}/m${index}.json`;
        const file = await bindings.FILES.get(key);
        expect(await file?.json()).toEqual(body);
        expect(lines[index]).toMatchObject({ error: `given up, kept as ${key}` });
        await bindings.FILES.delete(key);
      }
    },
  );

  it("[RT36] is not given up while no file can be written", async () => {
    const away = { ...bindings, FILES: toFailing(bindings.FILES) };
    const batch = createMessageBatch("breakwater-selections-dead", [
      { id: "m0", timestamp: new Date(), attempts: 1, body: {} },
    ]);
    await expect(async () => worker.queue(batch, away)).rejects.toThrow("this binding is away");
  });
});

describe("a chat's name", () => {
  it("[RT37] is set by the record of its first answer, and never over a name that a person gave", async () => {
    const [untitled, named] = [await ada.createChat(), await ada.createChat("Salt")];
    const readTitle = async (id: string): Promise<unknown> => {
      const body: { title?: unknown } = await (await ada.call("GET", `/api/v1/sessions/${id}`)).json();
      return body.title;
    };
    const messages = [untitled, named].map((chat) => ({
      ...toMessage({ sessionId: chat.id }),
      sessionTitle: "Weather",
    }));
    await deliver(messages);
    expect([await readTitle(untitled.id), await readTitle(named.id)]).toEqual(["Weather", "Salt"]);
    // A late record, delivered after a newer name.
    await ada.call("PATCH", untitled.path, { title: "Storms" });
    await deliver(messages);
    expect(await readTitle(untitled.id)).toBe("Storms");
  });
});
