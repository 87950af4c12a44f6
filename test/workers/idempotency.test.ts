/** Calls under an `Idempotency-Key`, in workerd and in real rows; the job that removes what is over; limits at the door. */
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createAnswerCacheStore } from "../../src/http/door/cache/store.ts";
import { createIdempotentCallStore, type CallClaim } from "../../src/http/middleware/idempotency/store.ts";
import { removeExpiredRows, ROWS_AT_ONCE } from "../../src/remove-expired-rows.ts";
import worker from "../../src/worker.ts";
import { database } from "./http-services.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { bindings, toFailing } from "./sandbox-environment.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";
import { Completion, Refusal } from "./sandbox-stream.ts";

const CHAT = "/v1/chat/completions";
const GOOGLE = "google/gemini-3.5-flash-lite";
const toBody = (content: string) => ({ model: GOOGLE, messages: [{ role: "user", content }] });

let ada: Visitor;
let mallory: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, mallory, admin] = await Promise.all([createVisitor(), createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["google"]);
});

const ask = (key: string, content = "Please reply with one", who: Visitor = ada): Promise<Response> =>
  who.call("POST", CHAT, toBody(content), { "idempotency-key": key });
const isReplay = (answer: Response): boolean => answer.headers.get("idempotent-replayed") === "true";
const countRows = async (table: string): Promise<number> =>
  (await env.DB.prepare(`select count(*) as count from ${table}`).first<number>("count")) ?? 0;

describe("a call under a key", () => {
  it("[HT150] is made once, and its repeat is told the same to the letter", async () => {
    const first = await ask("once");
    const text = await first.text();
    const repeat = await ask("once");
    expect([isReplay(first), isReplay(repeat)]).toEqual([false, true]);
    expect(await repeat.text()).toBe(text);
    for (const name of ["content-type", "x-breakwater-provider", "x-breakwater-cost-micro-usd"]) {
      expect(repeat.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(repeat.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    expect(await readJournal("google")).toHaveLength(1);
  });

  it("[HT152] that comes five times at once is made once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask("at-once")));
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(answers.filter((answer) => answer.status === 200 && !isReplay(answer))).toHaveLength(1);
    expect(await readJournal("google")).toHaveLength(1);
  });

  it("[HT151] is 422 with another body and 400 as a stream, and nobody is called", async () => {
    await ask("reused");
    await healSandbox();
    const other = await ask("reused", "Please reply with two");
    expect(other.status).toBe(422);
    expect(Refusal.parse(await other.json()).error.code).toBe("idempotency_key_reused");
    const body = { ...toBody("Please reply with one"), stream: true };
    const stream = await ada.call("POST", CHAT, body, { "idempotency-key": "streamed" });
    expect(stream.status).toBe(400);
    expect(Refusal.parse(await stream.json()).error.param).toBe("idempotency-key");
    expect(await readJournal()).toEqual([]);
  });

  it("[HT153] that failed is made again", async () => {
    await breakProvider("google", { fault: "server-error" });
    expect((await ask("failed")).status).toBe(503);
    await healSandbox();
    await act(admin, "google", "close", "for the test");
    const again = await ask("failed");
    expect([again.status, isReplay(again)]).toEqual([200, false]);
  });

  it("[HT155] is each organization's and each address's own", async () => {
    await ask("shared");
    const other = await ask("shared", "Please reply with one", mallory);
    expect([other.status, isReplay(other)]).toEqual([200, false]);
    const body = { ...toBody("Please reply with one"), max_tokens: 100 };
    const message = await ada.call("POST", "/v1/messages", body, { "idempotency-key": "shared" });
    expect([message.status, isReplay(message)]).toEqual([200, false]);
    const repeat = await ada.call("POST", "/v1/messages", body, { "idempotency-key": "shared" });
    expect(isReplay(repeat)).toBe(true);
    expect(await repeat.json()).toMatchObject({ type: "message" });
    const responses = { model: GOOGLE, input: "Please reply with one" };
    const response = await ada.call("POST", "/v1/responses", responses, { "idempotency-key": "shared" });
    expect([response.status, isReplay(response)]).toEqual([200, false]);
  });

  it("[HT151] refuses a stranger before it looks at the key", async () => {
    const headers = { "content-type": "application/json", "idempotency-key": "x".repeat(300) };
    const body = JSON.stringify(toBody("Hello?"));
    const answer = await ada.fetch(new Request(ORIGIN + CHAT, { method: "POST", headers, body }));
    expect(answer.status).toBe(401);
  });
});

describe("a kept response under a key", () => {
  const respond = (key: string, body: object): Promise<Response> =>
    ada.call("POST", "/v1/responses", { model: GOOGLE, store: true, ...body }, { "idempotency-key": key });
  const readId = async (answer: Response): Promise<string> =>
    z.looseObject({ id: z.string() }).parse(await answer.json()).id;
  /** As if nobody had spoken for the call for half a minute. */
  const die = (key: string): Promise<unknown> =>
    env.DB.prepare(
      "update idempotent_call set status = null, headers = null, body = null, busy_until_ms = 0 where key = ?",
    )
      .bind(key)
      .run();

  it("[HT346] whose Worker died behind its answer is not asked for again, in a new chat or behind another", async () => {
    const previous = await readId(await respond("before", { input: "Please reply with zero" }));
    await healSandbox();
    for (const [key, body] of Object.entries({
      "died-new": { input: "Please reply with one" },
      "died-behind": { input: "Please reply with one", previous_response_id: previous },
    })) {
      const first = await respond(key, body);
      await die(key);
      const repeat = await respond(key, body);
      expect([repeat.status, isReplay(repeat)]).toEqual([200, false]);
      for (const name of ["x-breakwater-session", "x-breakwater-provider"]) {
        expect(repeat.headers.get(name)).toBe(first.headers.get(name));
      }
      expect(await readId(repeat)).toBe(await readId(first));
    }
    expect(await readJournal("google")).toHaveLength(2);
  });

  it("[HT346] whose Worker died in the middle of it is followed to its end", async () => {
    await breakProvider("google", { fault: "slow", times: 1 });
    const body = { input: "Please reply with one" };
    const first = respond("died-early", body);
    await waitUntil(
      () => readJournal("google"),
      (entries) => entries.length === 1,
    );
    await die("died-early");
    const repeat = await respond("died-early", body);
    expect(repeat.status).toBe(200);
    expect(await readId(repeat)).toBe(await readId(await first));
    expect(await readJournal("google")).toHaveLength(1);
  });

  it("[HT153] [HT346] that failed is asked anew", async () => {
    await breakProvider("google", { fault: "server-error" });
    expect((await respond("kept-failed", { input: "Please reply with one" })).status).toBe(503);
    await healSandbox();
    await act(admin, "google", "close", "for the test");
    expect((await respond("kept-failed", { input: "Please reply with one" })).status).toBe(200);
  });
});

const START_MS = 1_000_000;
const times = (nowMs: number) => ({ nowMs, busyUntilMs: nowMs + 30, expiresAtMs: nowMs + 1_000 });
const toClaim = (changes: Partial<CallClaim> = {}): CallClaim => ({
  organizationId: "org_a",
  path: "/v1/x",
  key: crypto.randomUUID(),
  bodyHash: "h",
  claim: crypto.randomUUID(),
  ...changes,
});

describe("the rows of calls", () => {
  const store = createIdempotentCallStore(database);
  const answer = { status: 200, headers: { "content-type": "application/json" }, body: "{}" };

  it("[HT152] [HT153] belong to one claim, until it is given back or nobody speaks for it", async () => {
    const first = toClaim();
    const second = { ...first, claim: "second" };
    expect(await store.claim(first, times(START_MS))).toEqual({ type: "claimed", first: first.claim });
    expect(await store.claim(second, times(START_MS))).toEqual({
      type: "taken",
      bodyHash: "h",
      answer: null,
    });
    await store.extend(first, START_MS + 100);
    expect(await store.claim(second, times(START_MS + 99))).toMatchObject({ type: "taken" });
    const otherBody = { ...second, bodyHash: "other" };
    expect(await store.claim(otherBody, times(START_MS + 100))).toMatchObject({
      type: "taken",
      bodyHash: "h",
    });
    expect(await store.claim(second, times(START_MS + 100))).toEqual({ type: "claimed", first: first.claim });
    // The one that was taken for dead comes late: the row is not its own any more.
    await store.finish(first, answer, 2);
    await store.release(first);
    expect(await store.claim(toClaim({ key: first.key }), times(START_MS + 101))).toMatchObject({
      answer: null,
    });
    await store.finish(second, answer, 2);
    expect(await store.claim(toClaim({ key: first.key }), times(START_MS + 500))).toMatchObject({ answer });
  });

  it("[HT346] know who made a call first, however many have taken it over", async () => {
    const call = toClaim();
    await store.claim(call, times(START_MS));
    for (const [claim, nowMs] of [
      ["second", START_MS + 30],
      ["third", START_MS + 60],
    ] as const) {
      expect(await store.claim({ ...call, claim }, times(nowMs))).toEqual({
        type: "claimed",
        first: call.claim,
      });
    }
    await store.release({ ...call, claim: "second" });
    expect(await store.claim({ ...call, claim: "fourth" }, times(START_MS + 61))).toMatchObject({
      type: "taken",
    });
    await store.release({ ...call, claim: "third" });
    expect(await store.claim({ ...call, claim: "fourth" }, times(START_MS + 61))).toEqual({
      type: "claimed",
      first: "fourth",
    });
  });

  it("[HT150] are free again when their time is over", async () => {
    const call = toClaim();
    await store.claim(call, times(START_MS));
    await store.finish(call, answer, 2);
    const later = { ...call, claim: "later", bodyHash: "other" };
    expect(await store.claim(later, times(START_MS + 999))).toMatchObject({ type: "taken", answer });
    expect(await store.claim(later, times(START_MS + 1_000))).toEqual({ type: "claimed", first: "later" });
    expect(await store.claim(call, times(START_MS + 1_001))).toMatchObject({
      bodyHash: "other",
      answer: null,
    });
  });

  it("[HT155] take a bounded room: an organization's oldest answers go, running calls stay", async () => {
    const running = toClaim({ organizationId: "org_full" });
    await store.claim(running, times(START_MS));
    const calls = Array.from({ length: 52 }, () => toClaim({ organizationId: "org_full" }));
    for (const call of calls) {
      await store.claim(call, times(START_MS));
      await store.finish(call, answer, 1_000_000);
    }
    const isThere = async (call: CallClaim | undefined): Promise<boolean> =>
      (await store.claim({ ...toClaim(), ...call, claim: "look" }, times(START_MS))).type === "taken";
    expect([await isThere(calls[0]), await isThere(calls[1]), await isThere(calls[2])]).toEqual([
      false,
      false,
      true,
    ]);
    expect([await isThere(calls[51]), await isThere(running)]).toEqual([true, true]);
  });
});

describe("what is over", () => {
  it("[HT147] [HT155] is removed in steps, and nothing else is", async () => {
    await env.DB.batch([
      env.DB.prepare("delete from cached_answer"),
      env.DB.prepare("delete from idempotent_call"),
    ]);
    const fill = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS_AT_ONCE + 50})`;
    await env.DB.batch([
      env.DB.prepare(`${fill} insert into cached_answer select 'org', 'k' || i, '{}', 1, i, i from n`),
      env.DB.prepare(
        `${fill} insert into idempotent_call select 'org', '/', 'k' || i, 'h', 'c', 1, i, null, null, null, null from n`,
      ),
    ]);
    expect(await createAnswerCacheStore(database).deleteExpired(ROWS_AT_ONCE + 10, ROWS_AT_ONCE)).toBe(
      ROWS_AT_ONCE,
    );
    await removeExpiredRows(database, ROWS_AT_ONCE + 10);
    expect([await countRows("cached_answer"), await countRows("idempotent_call")]).toEqual([40, 40]);
    const context = createExecutionContext();
    await worker.scheduled(createScheduledController({ cron: "* * * * *" }), bindings);
    await waitOnExecutionContext(context);
    expect([await countRows("cached_answer"), await countRows("idempotent_call")]).toEqual([0, 0]);
  });

  it("[HT147] [HT155] stays a minute longer when the database is away, and the log knows", async () => {
    const lines = await collectLog("background_failed", async () => {
      const away = { ...bindings, DB: toFailing(bindings.DB) };
      await worker.scheduled(createScheduledController({ cron: "* * * * *" }), away);
    });
    expect(lines).toContainEqual(expect.objectContaining({ task: "remove-expired" }));
  });

  it("[HT38] is found by an index, and so is everything that a call asks", async () => {
    const statements = [
      "select answer from cached_answer where organization_id = 'o' and key = 'k' and expires_at_ms > 1 limit 1",
      "select max(position) from cached_answer where organization_id = 'o'",
      "select rowid from cached_answer where expires_at_ms <= 1 order by expires_at_ms limit 200",
      "delete from cached_answer where organization_id = 'o' and position <= 1",
      "select claim from idempotent_call where organization_id = 'o' and path = 'p' and key = 'k'",
      "select max(position) from idempotent_call where organization_id = 'o'",
      "select rowid from idempotent_call where expires_at_ms <= 1 order by expires_at_ms limit 200",
      "delete from idempotent_call where organization_id = 'o' and position <= 1",
    ];
    for (const statement of statements) {
      const { results } = await env.DB.prepare(`explain query plan ${statement}`).all<{ detail: string }>();
      const plan = results.map((row) => row.detail).join("; ");
      expect(plan).toMatch(/USING (COVERING )?INDEX/);
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});

describe("the limit of calls", () => {
  it("[HT156] [HT157] [HT158] [HT159] holds in the Worker, for every wire together, and tells what is left", async () => {
    const small = { ...bindings, REQUESTS_PER_MINUTE: "2" };
    const call = async (path: string, body: object): Promise<Response> => {
      const headers = { "content-type": "application/json", ...ada.credentials };
      const request = new Request<unknown, IncomingRequestCfProperties>(ORIGIN + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      const context = createExecutionContext();
      const answer = await worker.fetch(request, small, context);
      await waitOnExecutionContext(context);
      return answer;
    };
    const first = await call(CHAT, toBody("Please reply with one"));
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    await first.text();
    const second = await call("/v1/messages", {
      ...toBody("Please reply with one"),
      max_tokens: 100,
      stream: true,
    });
    expect(second.headers.get("content-type")).toContain("event-stream");
    expect(second.headers.get("anthropic-ratelimit-requests-remaining")).toBe("0");
    expect(second.headers.get("anthropic-ratelimit-requests-reset")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await second.text();
    await healSandbox();
    const lines = await collectLog("rate_limit_exceeded", async () => {
      const third = await call("/v1/responses", { model: GOOGLE, input: "Hello?" });
      expect([third.status, third.headers.get("x-ratelimit-remaining-requests")]).toEqual([429, "0"]);
      expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(Refusal.parse(await third.json()).error.code).toBe("rate_limit_exceeded");
    });
    expect(lines).toHaveLength(1);
    expect(await readJournal()).toEqual([]);
  });

  it("[HT156] is wide by default, and off on wish", async () => {
    const answer = await ada.call("POST", CHAT, toBody("Please reply with one"));
    expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("60000");
    expect(Completion.parse(await answer.json()).breakwater.status).toBe("complete");
    const context = createExecutionContext();
    const headers = { "content-type": "application/json", ...ada.credentials };
    const body = JSON.stringify(toBody("Please reply with one"));
    const request = new Request<unknown, IncomingRequestCfProperties>(ORIGIN + CHAT, {
      method: "POST",
      headers,
      body,
    });
    const unlimited = await worker.fetch(request, { ...bindings, REQUESTS_PER_MINUTE: "off" }, context);
    await waitOnExecutionContext(context);
    expect([unlimited.status, unlimited.headers.get("x-ratelimit-limit-requests")]).toEqual([200, null]);
  });
});
