/** D1: the migrations as they apply, the selection log, and the plans of the queries that run most. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createSelectionStore, LOOKED_THROUGH } from "../../src/analytics/store.ts";
import { openDatabase, type Database } from "../../src/auth/store/database.ts";
import { createAccountStore } from "../../src/auth/store/account-store.ts";
import { newSelectionId, newSessionId } from "../../src/base/id.ts";
import { SelectionRecord } from "../../src/protocol/selection.ts";
import { createSessionDirectory } from "../../src/session/directory/store.ts";
import { UNTITLED } from "../../src/session/title.ts";
import { user } from "../../schema/d1/accounts.ts";
import { database, randomSource } from "./http-services.ts";

const store = createSelectionStore(database);
const directory = createSessionDirectory(database);
const owner = { userId: "user_data", organizationId: "" };
const START_MS = Date.parse("2026-11-20T12:00:00.000Z");

function toRecord(changes: Partial<SelectionRecord> = {}): SelectionRecord {
  return {
    id: newSelectionId(randomSource),
    requestId: "req_1",
    organizationId: owner.organizationId,
    userId: owner.userId,
    sessionId: null,
    turnId: null,
    createdAt: new Date(START_MS).toISOString(),
    requested: ["balanced", "openai/gpt-5"],
    mode: "list",
    intent: "code",
    candidates: [
      {
        provider: "openai",
        model: "gpt-5",
        place: 1,
        reason: 'He said "fast".',
        circuit: "CLOSED",
        facts: null,
      },
    ],
    decision: {
      policy: "cost",
      version: 1,
      parameters: { costWeight: 0.25 },
      needs: { vision: true, tools: false, inputTokens: 3, outputTokens: null },
    },
    attempts: [
      {
        provider: "openai",
        model: "gpt-5",
        startedAtMs: 0,
        durationMs: 900,
        firstTokenMs: 120,
        outcome: "success",
        error: null,
        hedge: true,
        usage: {
          inputTokens: 3,
          cachedInputTokens: null,
          cacheWriteTokens: null,
          outputTokens: 5,
          reasoningTokens: 0,
        },
        costMicroUsd: 12,
      },
    ],
    status: "complete",
    provider: "openai",
    model: "gpt-5",
    affinity: true,
    firstTokenMs: 120,
    durationMs: 1_000,
    usage: {
      inputTokens: 3,
      cachedInputTokens: null,
      cacheWriteTokens: null,
      outputTokens: 5,
      reasoningTokens: 0,
    },
    costMicroUsd: 12,
    sandbox: false,
    ...changes,
  };
}

beforeAll(async () => {
  const now = new Date(START_MS);
  await database
    .insert(user)
    .values({ id: owner.userId, name: "Data", email: "data@example.com", createdAt: now, updatedAt: now });
  const accounts = createAccountStore(database, randomSource);
  owner.organizationId = (await accounts.savePersonalOrganization({ userId: owner.userId, name: "Data" })).id;
});

describe("migrations", () => {
  it("[HT37] leave the tables, and the unique indexes that the library does without", async () => {
    const { results } = await env.DB.prepare(
      "select name from sqlite_master where type = 'index' and sql like 'CREATE UNIQUE%' order by name",
    ).all<{ name: string }>();
    expect(results.map((row) => row.name)).toEqual([
      "api_key_hash_unique",
      "auth_account_identity",
      "auth_rate_limit_key_unique",
      "auth_session_token_unique",
      "chat_owner_client_chat",
      "membership_user_organization",
      "organization_personal_of_user_id_unique",
      "user_email_unique",
    ]);
  });

  it("[HT37] cascade nowhere", async () => {
    const { results } = await env.DB.prepare(
      "select sql from sqlite_master where sql like '%cascade%'",
    ).all();
    expect(results).toEqual([]);
  });
});

describe("the selection log", () => {
  it("[HT35] gives back exactly what was written", async () => {
    const record = toRecord({ sessionId: "chat_x", turnId: "turn_x" });
    const empty = toRecord({
      provider: null,
      model: null,
      firstTokenMs: null,
      costMicroUsd: null,
      status: "failed",
      affinity: false,
      sandbox: true,
      attempts: [],
      candidates: [],
    });
    expect(await store.insertSelections([record, empty])).toBe(2);
    expect(await store.read(owner.organizationId, record.id)).toEqual(record);
    expect(await store.read(null, empty.id)).toEqual(empty);
    expect(await store.read("org_other", record.id)).toBeNull();
  });

  it("[HT35] writes each record once, however often it is delivered", async () => {
    const records = Array.from({ length: 500 }, () => toRecord());
    expect(await store.insertSelections(records)).toBe(500);
    expect(await store.insertSelections(records)).toBe(0);
    const [first, ...rest] = records;
    const changed = { ...toRecord(), id: first?.id ?? "", provider: "google" };
    expect(await store.insertSelections([changed, ...rest, toRecord()])).toBe(1);
    expect((await store.read(null, changed.id))?.provider).toBe("openai");
    expect(await store.insertSelections([])).toBe(0);
  });

  it("[HT35] takes records as the texts that they came in, to the millisecond", async () => {
    const at = (index: number) => new Date(START_MS + index * 86_399_999 + index).toISOString();
    const records = Array.from({ length: 60 }, (_, index) => toRecord({ createdAt: at(index) }));
    const toText = (part: readonly SelectionRecord[]) => ({
      records: part,
      items: part.map((record) => JSON.stringify(record)).join(", "),
    });
    const texts = [toText(records.slice(0, 40)), toText([]), toText(records.slice(40))];
    expect(await store.insertWritten(texts)).toBe(60);
    for (const record of records) expect(await store.read(null, record.id)).toEqual(record);
  });

  it("[HT36] moves a chat up in its owner's list, never down, and no other's", async () => {
    const id = newSessionId(randomSource);
    await directory.create({ id, ...owner, title: "Moving", createdAtMs: START_MS });
    const at = (offsetMs: number) => new Date(START_MS + offsetMs).toISOString();
    const updatedAtMs = async () => (await directory.read(owner, id))?.updatedAtMs;
    await store.insertSelections([
      toRecord({ sessionId: id, createdAt: at(5_000) }),
      toRecord({ sessionId: id, createdAt: at(60_000) }),
    ]);
    expect(await updatedAtMs()).toBe(START_MS + 61_000);
    await store.insertSelections([toRecord({ sessionId: id, createdAt: at(1_000) })]);
    expect(await updatedAtMs()).toBe(START_MS + 61_000);
    await store.insertSelections([
      toRecord({ sessionId: id, createdAt: at(99_000), organizationId: "org_other" }),
    ]);
    expect(await updatedAtMs()).toBe(START_MS + 61_000);
  });

  it("[HT28] pages through one organization's rows, newest first, by provider, status and time", async () => {
    const organizationId = "org_pages";
    const records = Array.from({ length: 5 }, (_, index) =>
      toRecord({
        organizationId,
        createdAt: new Date(START_MS + Math.floor(index / 2) * 1_000).toISOString(),
        provider: index % 2 === 0 ? "openai" : "google",
        status: index === 4 ? "failed" : "complete",
      }),
    );
    await store.insertSelections(records);
    const newestFirst = records.toSorted((one, other) =>
      `${other.createdAt}${other.id}`.localeCompare(`${one.createdAt}${one.id}`),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ organizationId }, { limit: 2, cursor });
      if (!page.ok) throw new Error(page.error);
      seen.push(...page.value.selections.map((record) => record.id));
      cursor = page.value.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(newestFirst.map((record) => record.id));
    const count = async (filter: object) => {
      const page = await store.list({ organizationId, ...filter }, { limit: 200 });
      return page.ok ? page.value.selections.length : page.error;
    };
    expect(await count({ provider: "google" })).toBe(2);
    expect(await count({ status: "failed" })).toBe(1);
    expect(await count({ sinceMs: START_MS + 1_000 })).toBe(3);
    expect(await store.list({ organizationId }, { limit: 2, cursor: "x" })).toEqual({
      ok: false,
      error: "invalid-cursor",
    });
  });

  it("[HT28] finds all decisions of one request, and only one's own organization's", async () => {
    const requestId = "req_wanted";
    const [organizationId, other] = ["org_request", "org_another"];
    const records = [
      toRecord({ organizationId, requestId }),
      toRecord({ organizationId, requestId }),
      toRecord({ organizationId }),
      toRecord({ organizationId: other, requestId }),
    ];
    await store.insertSelections(records);
    const find = async (scope: string | null) => {
      const page = await store.list({ organizationId: scope, requestId }, { limit: 200 });
      return page.ok ? page.value.selections.map((record) => record.id).toSorted() : page.error;
    };
    const ids = records.map((record) => record.id);
    expect(await find(organizationId)).toEqual(toOrdered([ids[0], ids[1]]));
    expect(await find(other)).toEqual([ids[3]]);
    expect(await find(null)).toEqual(toOrdered([ids[0], ids[1], ids[3]]));
  });

  it("[AN61] looks for a provider or an end among so many, and goes on behind them", async () => {
    const organizationId = "org_rare";
    const records = Array.from({ length: LOOKED_THROUGH + 1 }, (_, index) =>
      toRecord({
        organizationId,
        createdAt: new Date(START_MS - Math.floor(index / 2)).toISOString(),
        ...(index === 0 || index === LOOKED_THROUGH ? { provider: "google", status: "failed" } : {}),
      }),
    );
    await store.insertSelections(records);
    const read = async (filter: object, cursor?: string) => {
      const page = await store.list({ organizationId, ...filter }, { limit: 2, cursor });
      if (!page.ok) throw new Error(page.error);
      const { selections, nextCursor } = page.value;
      return { ids: selections.map(({ id }) => id), cursor: nextCursor ?? undefined };
    };
    for (const filter of [{ provider: "google" }, { status: "failed" }]) {
      const first = await read(filter);
      expect([first.ids, typeof first.cursor]).toEqual([[records[0]?.id], "string"]);
      expect(await read(filter, first.cursor)).toEqual({ ids: [records.at(-1)?.id], cursor: undefined });
    }
    const none = await read({ provider: "nobody" });
    expect([none.ids, typeof none.cursor]).toEqual([[], "string"]);
    expect(await read({ provider: "nobody" }, none.cursor)).toEqual({ ids: [], cursor: undefined });
    // A full page goes on behind its own last row, not behind all that was looked through.
    const full = await read({ provider: "openai" });
    expect(full.ids).toHaveLength(2);
    expect((await read({ provider: "openai" }, full.cursor)).ids).toHaveLength(2);
    expect((await read({ provider: "google", sinceMs: START_MS })).cursor).toBeUndefined();
  });

  it("[HT29] counts the newest rows since a time", async () => {
    const { selections: counted } = await store.readCounted({
      organizationId: "org_pages",
      sinceMs: START_MS + 1_000,
      limit: 2,
    });
    expect(counted).toHaveLength(2);
    expect(counted[0]).toMatchObject({
      provider: "openai",
      status: "failed",
      affinity: true,
      costMicroUsd: 12,
    });
    expect(SelectionRecord.shape.status.parse(counted[1]?.status)).toBe("complete");
  });

  it("[AN60] knows whether older ones were left out, also where the last one was just counted", async () => {
    const organizationId = "org_limited";
    const records = [0, 1, 2].map((second) =>
      toRecord({ organizationId, createdAt: new Date(START_MS + second * 1_000).toISOString() }),
    );
    await store.insertSelections(records);
    const read = async (sinceMs: number, limit: number) => {
      const { selections, limited } = await store.readCounted({ organizationId, sinceMs, limit });
      return [selections.length, limited];
    };
    expect(await read(0, 2)).toEqual([2, true]);
    expect(await read(0, 3)).toEqual([3, false]);
    expect(await read(START_MS + 1_000, 2)).toEqual([2, false]);
    expect(await read(START_MS + 9_000, 2)).toEqual([0, false]);
  });
});

describe("names", () => {
  it("[HT39] come from the first question only while nobody has given one", async () => {
    const id = newSessionId(randomSource);
    await directory.create({ id, ...owner, title: UNTITLED, createdAtMs: START_MS });
    await directory.nameUntitled(id, "From the question");
    await directory.nameUntitled(id, "From a later one");
    await directory.nameUntitled(id, "From a model", "Of another chat");
    expect((await directory.read(owner, id))?.title).toBe("From the question");
    await directory.nameUntitled(id, "From a model", "From the question");
    expect((await directory.read(owner, id))?.title).toBe("From a model");
    await directory.rename(owner, id, "By hand");
    await directory.nameUntitled(id, "From the question");
    await directory.nameUntitled(id, "From a model", "From the question");
    expect((await directory.read(owner, id))?.title).toBe("By hand");
    expect((await directory.read(owner, id))?.updatedAtMs).toBe(START_MS);
  });
});

/** What the stores ask for, as they write it. */
async function planOfAsked(ask: (watched: Database) => Promise<unknown>): Promise<string[]> {
  const plans: Promise<string>[] = [];
  const { DB } = env;
  const prepare = (sql: string): D1PreparedStatement => {
    plans.push(
      planOf(
        sql,
        sql
          .split("?")
          .slice(1)
          .map(() => null),
      ),
    );
    return DB.prepare(sql);
  };
  await ask(openDatabase(new Proxy(DB, { get: (_, name) => (name === "prepare" ? prepare : undefined) })));
  return Promise.all(plans);
}

/** With values that are bound: what SQLite can tell of two of them is less than of what stands in a statement. */
const planOf = async (statement: string, bound: readonly null[] = []): Promise<string> => {
  const { results } = await env.DB.prepare(`explain query plan ${statement}`)
    .bind(...bound)
    .all<{ detail: string }>();
  return results.map((row) => row.detail).join("; ");
};

describe("plans", () => {
  it("[HT38] use an index and no sorting for what every page and every call asks", async () => {
    const list = `select id from chat where user_id = 'u' and organization_id = 'o' and deleted_at_ms is null
      order by updated_at_ms desc, id desc limit 51`;
    expect(await planOf(list)).toMatch(/USING (COVERING )?INDEX chat_owner_updated/);
    const named = `select id from chat where user_id = 'u' and organization_id = 'o' and deleted_at_ms is null
      and client_chat_id = 'c' limit 1`;
    expect(await planOf(named)).toMatch(/USING (COVERING )?INDEX chat_owner_client_chat/);
    const made = `select id from chat where user_id = 'u' and organization_id = 'o' and deleted_at_ms is null
      and updated_at_ms >= 1 and created_at_ms >= 1 limit 300`;
    expect(await planOf(made)).toMatch(/USING (COVERING )?INDEX chat_owner_updated/);
    const key = "select id from api_key where hash = 'h' and revoked_at_ms is null limit 1";
    expect(await planOf(key)).toContain("api_key_hash_unique");
    const log =
      "select id from selection where organization_id = 'o' order by created_at_ms desc, id desc limit 51";
    expect(await planOf(log)).toContain("selection_organization_created");
    const all = "select id from selection order by created_at_ms desc, id desc limit 51";
    expect(await planOf(all)).toContain("selection_created");
    const request = `select id from selection where request_id = 'r' and +organization_id = 'o'
      order by created_at_ms desc, id desc limit 51`;
    expect(await planOf(request)).toContain("selection_request");
    for (const statement of [list, named, made, key, log, all, request])
      expect(await planOf(statement)).not.toContain("TEMP B-TREE");
  });
});

describe("later pages", () => {
  it("[AN62] begin in the index where the page before has ended", async () => {
    const cursor = `${START_MS}.sel_x`;
    const page = { limit: 2, cursor };
    const ofOne = await planOfAsked((watched) =>
      createSelectionStore(watched).list({ organizationId: "o", provider: "p" }, page),
    );
    const ofAll = await planOfAsked((watched) =>
      createSelectionStore(watched).list({ organizationId: null }, page),
    );
    const chats = await planOfAsked((watched) => createSessionDirectory(watched).list(owner, page));
    expect([ofOne.length, ofAll.length, chats.length]).toEqual([2, 1, 1]);
    for (const plan of ofOne)
      expect(plan).toMatch(
        /INDEX selection_organization_created \(organization_id=\? AND created_at_ms<\?\)$/,
      );
    expect(ofAll[0]).toMatch(/INDEX selection_created \(created_at_ms<\?\)$/);
    expect(chats[0]).toMatch(/INDEX chat_owner_updated \(.* AND updated_at_ms<\?\)$/);
  });
});

const toOrdered = (ids: readonly (string | undefined)[]): string[] => ids.map(String).toSorted();
