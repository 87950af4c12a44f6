/** Answers that are kept and given again, in workerd: over every wire, whole and streamed, in real rows. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAnswerCacheStore } from "../../src/http/door/cache/store.ts";
import { SelectionList } from "../../src/protocol/selection.ts";
import { database } from "./http-services.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";
import { Completion, readStream, Refusal, textOf } from "./sandbox-stream.ts";

const CHAT = "/v1/chat/completions";
const GOOGLE = "google/gemini-3.5-flash-lite";
const OPENAI = "openai/gpt-6-luna";
const WEATHER = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

type Person = Visitor & { readonly organizationId: string };
let ada: Person;
let mallory: Person;
let admin: Visitor;
beforeAll(async () => {
  [ada, mallory, admin] = await Promise.all([createVisitor(), createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "google"]);
  await env.DB.prepare("delete from cached_answer").run();
});

const user = (content: string) => [{ role: "user", content }];
function ask(content: string, cache: string, more: object = {}, who: Visitor = ada): Promise<Response> {
  const body = { model: GOOGLE, messages: user(content), ...more };
  return who.call("POST", CHAT, body, { "x-breakwater-cache": cache });
}
const cacheOf = (answer: Response): string | null => answer.headers.get("x-breakwater-cache");

interface CountedRow {
  readonly organization_id: string;
  readonly bytes: number;
}
async function readRows(): Promise<CountedRow[]> {
  const statement = env.DB.prepare("select organization_id, length(answer) as bytes from cached_answer");
  return (await statement.all<CountedRow>()).results;
}
const untilKept = (count = 1): Promise<CountedRow[]> => waitUntil(readRows, (rows) => rows.length === count);

describe("a kept answer", () => {
  it("[HT143] [HT144] [HT145] is given again, calls nobody, costs nothing and leaves no selection", async () => {
    const first = await ask("Please reply with fine weather", "60");
    const asked = Completion.parse(await first.json());
    expect(cacheOf(first)).toBe("miss");
    expect(asked.breakwater["cache"]).toEqual({ hit: false, stored: true });
    await untilKept();
    await healSandbox();
    let second = new Response();
    const lines = await collectLog("cache_hit", async () => {
      second = await ask("Please reply with fine weather", "60");
    });
    const told = Completion.parse(await second.json());
    expect(await readJournal()).toEqual([]);
    expect(told.choices).toEqual(asked.choices);
    expect([told.model, told.usage]).toEqual([asked.model, asked.usage]);
    expect(told.id).not.toBe(asked.id);
    const savedMicroUsd = asked.breakwater["costMicroUsd"];
    expect(told.breakwater).toMatchObject({
      status: "complete",
      attempts: 0,
      costMicroUsd: 0,
      selectionId: asked.breakwater.selectionId,
      legs: [{ provider: "google", costMicroUsd: 0 }],
      cache: { hit: true, ageSeconds: expect.any(Number), savedMicroUsd },
    });
    expect(Object.fromEntries(second.headers)).toMatchObject({
      "x-breakwater-cache": "hit",
      "x-breakwater-saved-micro-usd": String(savedMicroUsd),
      "x-breakwater-cost-micro-usd": "0",
      "x-breakwater-attempts": "0",
      "x-breakwater-provider": "google",
      "x-breakwater-sandbox": "true",
    });
    expect(lines).toMatchObject([{ org_id: ada.organizationId, selection_id: asked.breakwater.selectionId }]);
    const list = await ada.call("GET", `/api/v1/selections?requestId=${second.headers.get("x-request-id")}`);
    expect(SelectionList.parse(await list.json()).selections).toEqual([]);
  });

  it.each([GOOGLE, OPENAI])("[HT141] [HT143] of %s serves streams and whole calls alike", async (model) => {
    const streamed = await readStream(await ask("[[words:600]]", "60", { model, stream: true }));
    expect(streamed.chunks.at(-1)?.breakwater).toMatchObject({ cache: { hit: false, stored: true } });
    await untilKept();
    const whole = await ask("[[words:600]]", "60", { model });
    expect(cacheOf(whole)).toBe("hit");
    expect(Completion.parse(await whole.json()).choices[0].message.content).toBe(textOf(streamed.chunks));
    const again = await ask("[[words:600]]", "60", {
      model,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(cacheOf(again)).toBe("hit");
    const { chunks, isDone } = await readStream(again);
    expect([isDone, textOf(chunks)]).toEqual([true, textOf(streamed.chunks)]);
    expect(chunks.at(-1)).toMatchObject({ usage: { total_tokens: expect.any(Number) } });
    await env.DB.prepare("delete from cached_answer").run();
    const refreshed = Completion.parse(await (await ask("Please reply with one", "60", { model })).json());
    await untilKept();
    const stream = await ask("Please reply with one", "60", { model, stream: true });
    expect(cacheOf(stream)).toBe("hit");
    expect(textOf((await readStream(stream)).chunks)).toBe(refreshed.choices[0].message.content);
  });

  it("[HT141] [HT143] is written anew by another wire, calls of tools too", async () => {
    const question = '[[tool:weather {"city":"Oslo"}]]';
    const tool = { type: "function", function: { name: "weather", parameters: WEATHER } };
    expect(cacheOf(await ask(question, "60", { tools: [tool], max_tokens: 500 }))).toBe("miss");
    await untilKept();
    const message = await ada.call(
      "POST",
      "/v1/messages",
      {
        model: GOOGLE,
        max_tokens: 500,
        messages: user(question),
        tools: [{ name: "weather", input_schema: WEATHER }],
      },
      { "x-breakwater-cache": "60" },
    );
    expect([message.status, cacheOf(message)]).toEqual([200, "hit"]);
    expect(await message.json()).toMatchObject({
      type: "message",
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "weather", input: { city: "Oslo" } }],
      breakwater: { cache: { hit: true } },
    });
    const response = await ada.call(
      "POST",
      "/v1/responses",
      {
        model: GOOGLE,
        max_output_tokens: 500,
        input: question,
        tools: [{ type: "function", name: "weather", parameters: WEATHER }],
        stream: true,
      },
      { "x-breakwater-cache": "60" },
    );
    expect(response.headers.get("content-type")).toContain("event-stream");
    const text = await response.text();
    expect(text).toContain("response.completed");
    expect(text).toContain("function_call");
  });

  it("[HT140] is not asked for without the header, nor with `off`, and nothing is written", async () => {
    for (const cache of [undefined, "off"]) {
      const headers: Record<string, string> = cache === undefined ? {} : { "x-breakwater-cache": cache };
      const body = { model: GOOGLE, messages: user("Please reply with one") };
      const answer = await ada.call("POST", CHAT, body, headers);
      expect(cacheOf(answer)).toBeNull();
      expect(Completion.parse(await answer.json()).breakwater).not.toHaveProperty("cache");
    }
    expect(await readRows()).toEqual([]);
    expect(await readJournal("google")).toHaveLength(2);
  });

  it("[HT140] [HT144] is asked for anew on wish", async () => {
    await ask("Please reply with one", "60");
    await untilKept();
    expect(cacheOf(await ask("Please reply with one", "refresh=60"))).toBe("bypass");
    expect(await readJournal("google")).toHaveLength(2);
    expect(await readRows()).toHaveLength(1);
  });

  it("[HT147] is over when its time is, for who kept it and for who asks", async () => {
    await ask("Please reply with one", "60");
    await untilKept();
    const age = (seconds: number) =>
      env.DB.prepare(
        "update cached_answer set created_at_ms = created_at_ms - ?1, expires_at_ms = expires_at_ms - ?1",
      )
        .bind(seconds * 1_000)
        .run();
    await age(30);
    expect(cacheOf(await ask("Please reply with one", "3600"))).toBe("hit");
    const older = await ask("Please reply with one", "20");
    expect(cacheOf(older)).toBe("miss");
    await age(3_600);
    expect(cacheOf(await ask("Please reply with one", "604800"))).toBe("miss");
  });
});

describe("an attack on the cache", () => {
  it("[HT142] another organization's answer is never given, whatever is sent along", async () => {
    await ask("Please reply with secret", "60");
    await untilKept();
    for (const extra of [
      {},
      { user: ada.organizationId },
      { metadata: { organizationId: ada.organizationId } },
    ]) {
      const answer = await ask("Please reply with secret", "60", extra, mallory);
      expect(cacheOf(answer)).not.toBe("hit");
      await answer.body?.cancel();
      await env.DB.prepare("delete from cached_answer where organization_id = ?")
        .bind(mallory.organizationId)
        .run();
    }
    const body = { model: GOOGLE, messages: user("Please reply with secret") };
    const forged = await mallory.call("POST", CHAT, body, {
      "x-breakwater-cache": "60",
      "x-organization-id": ada.organizationId,
      "x-breakwater-organization": ada.organizationId,
    });
    expect(cacheOf(forged)).toBe("miss");
  });

  it("[HT142] a row of one organization is not found under another's name, even with its key", async () => {
    const store = createAnswerCacheStore(database);
    const entry = { key: "k", answer: "{}", bytes: 2, createdAtMs: 10, expiresAtMs: 100 };
    await store.save({ ...entry, organizationId: "org_a" });
    expect(await store.find({ organizationId: "org_a", key: "k" }, 0, 50)).toMatchObject({ answer: "{}" });
    expect(await store.find({ organizationId: "org_b", key: "k" }, 0, 50)).toBeNull();
    await store.save({ ...entry, organizationId: "org_b", answer: "[]" });
    expect(await store.find({ organizationId: "org_a", key: "k" }, 0, 50)).toMatchObject({ answer: "{}" });
  });

  it.each([
    "0",
    "604801",
    "-1",
    "60s",
    "refresh=",
    "1e3",
    "60, 60",
    "' or 1=1",
    "60; drop table cached_answer",
  ])("[HT140] the header %j is 400 by name, and nobody is called", async (cache) => {
    const answer = await ask("Please reply with one", cache);
    expect(answer.status).toBe(400);
    expect(Refusal.parse(await answer.json()).error.param).toBe("x-breakwater-cache");
    expect(await readJournal()).toEqual([]);
  });

  it("[HT146] broken, refused and cut answers are not kept", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const broken = await ask("[[words:60]]", "60", { stream: true });
    expect((await readStream(broken)).chunks.at(-1)?.breakwater).toMatchObject({
      cache: { hit: false, stored: false },
    });
    await act(admin, "google", "close", "for the test");
    await breakProvider("google", { fault: "bad-request" });
    const refused = await ask("Please reply with one", "60");
    expect([refused.status, cacheOf(refused)]).toEqual([400, "uncacheable"]);
    expect(await readRows()).toEqual([]);
  });

  it("[HT146] an answer of any length up to the limit comes back whole, and a longer one is not kept", async () => {
    const store = createAnswerCacheStore(database);
    const place = { organizationId: "org_long", key: "k" };
    const answer = "🌊".repeat(250_000);
    await store.save({ ...place, answer, bytes: 1_000_000, createdAtMs: 10, expiresAtMs: 100 });
    expect((await store.find(place, 0, 50))?.answer).toBe(answer);
  });

  it("[HT148] one who keeps too much pushes out the own oldest answers, and nobody else's", async () => {
    const store = createAnswerCacheStore(database);
    const save = (organizationId: string, key: string, answer = "x") =>
      store.save({ organizationId, key, answer, bytes: 1_000_000, createdAtMs: 10, expiresAtMs: 100 });
    await save("org_small", "k");
    for (let index = 0; index < 60; index += 1) await save("org_full", `k${index}`);
    await save("org_full", "k20", "newer");
    const has = async (organizationId: string, key: string): Promise<boolean> =>
      (await store.find({ organizationId, key }, 0, 50)) !== null;
    expect(await has("org_small", "k")).toBe(true);
    expect([await has("org_full", "k0"), await has("org_full", "k10"), await has("org_full", "k11")]).toEqual(
      [false, false, true],
    );
    expect([await has("org_full", "k20"), await has("org_full", "k59")]).toEqual([true, true]);
  });
});
