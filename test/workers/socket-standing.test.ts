/** Sockets that outlive the right by which they were opened: signed out, revoked, removed, no admin any more. Real workerd and D1. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { LIVE_CONSOLE_NAME } from "../../durable-objects/live-console.ts";
import { createApiKeyStore } from "../../src/auth/store/api-key-store.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import { Me } from "../../src/protocol/account.ts";
import { systemIdSource } from "../../src/system.ts";
import { openWiring } from "../../src/wiring.ts";
import { act, openConsole } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox } from "./sandbox-control.ts";
import { readEnv } from "./sandbox-environment.ts";
import { createAdmin, createVisitor, LIVE, textOf, Visitor, type Chat } from "./sandbox-people.ts";

const OPENAI = { model: "openai/gpt-6-luna" };
const Attached = z.looseObject({ vouchedAtMs: z.number() });

// Signing up hashes a password, and some tests wait for a whole answer.
vi.setConfig({ testTimeout: 20_000 });

type Person = Awaited<ReturnType<typeof createVisitor>>;
let ada: Person;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(healSandbox);

const run = (statement: string, ...values: unknown[]) =>
  env.DB.prepare(statement)
    .bind(...values)
    .run();

/** Every socket that is open there has been quiet for so long, and its object has slept meanwhile. */
async function age(object: DurableObjectStub, byMs = 120_000): Promise<void> {
  await runInDurableObject(object, (_, state) => {
    for (const socket of state.getWebSockets()) {
      const attached = Attached.parse(socket.deserializeAttachment());
      socket.serializeAttachment({ ...attached, vouchedAtMs: attached.vouchedAtMs - byMs });
    }
  });
  await evictDurableObject(object);
}

/** The same person in a browser: a visitor by cookie, whose chats are those of the key. */
async function signUp(): Promise<Visitor> {
  const body = {
    email: `${crypto.randomUUID()}@example.com`,
    password: "a long enough password",
    name: "Bea",
  };
  const answer = await new Visitor({}).call("POST", "/api/auth/sign-up/email", body);
  expect(answer.status).toBe(200);
  const cookies = answer.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
  return new Visitor({ cookie: cookies.join("; ") });
}

/** All keys of a person but the one that is named. */
const revokeKeysOf = ({ userId }: Person, keptId = "") =>
  run("update api_key set revoked_at_ms = 1 where user_id = ? and id <> ?", userId, keptId);

async function addKey(person: Person): Promise<{ visitor: Visitor; keyId: string }> {
  const created = await createApiKeyStore(openDatabase(env.DB), systemIdSource).create(person, "another");
  if (!created.ok) throw new Error(created.error);
  const { key, record } = created.value;
  return { visitor: new Visitor({ authorization: `Bearer ${key}` }), keyId: record.id };
}

const readUserId = async (visitor: Visitor): Promise<string> =>
  Me.parse(await (await visitor.call("GET", "/api/v1/me")).json()).user.id;

const countTurns = async (chat: Chat): Promise<number> =>
  runInDurableObject(chat.stub(), (_, { storage }) =>
    Number(storage.sql.exec("select count(*) as n from turn").one()["n"]),
  );

/** Watches the chat's object: how often it has read D1 since. */
async function countReads(chat: Chat): Promise<() => number> {
  const spy = await runInDurableObject(chat.stub(), (instance) => vi.spyOn(readEnv(instance).DB, "prepare"));
  spy.mockClear();
  // The queue's consumer reads D1 in the same isolate.
  return () => spy.mock.calls.filter(([statement]) => statement.includes("left join")).length;
}

describe("a chat's socket", () => {
  it.each(["live", "stock"] as const)("[AU30] (%s) of a revoked key asks nothing", async (wire) => {
    const eve = await createVisitor();
    const chat = await eve.createChat();
    const socket = wire === "live" ? await chat.openLive() : await chat.open();
    await revokeKeysOf(eve);
    await age(chat.stub());
    socket.ask("r1", "Please reply with one");
    socket.ask("r2", "Please reply with two");
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(await countTurns(chat)).toBe(0);
  });

  it("[AU30] of a person who has signed out, in another tab, asks nothing and hears nothing", async () => {
    const bea = await signUp();
    const chat = await bea.createChat();
    const [first, second] = await Promise.all([chat.openLive(), chat.openLive()]);
    expect((await bea.call("POST", "/api/auth/sign-out", {})).status).toBe(200);
    await age(chat.stub());
    const heard = second.frames.length;
    first.ask("r1", "Please reply with one");
    expect(await first.closed).toMatchObject({ code: 4401 });
    expect(await countTurns(chat)).toBe(0);
    // Told of the tab that went, it is asked about as well.
    expect(await second.closed).toMatchObject({ code: 4401 });
    expect(second.frames.slice(heard).map((frame) => frame.type)).toEqual([]);
  });

  it("[AU30] [SE16] of a revoked key hears nothing of what others ask, whose answer is whole", async () => {
    const eve = await createVisitor();
    const chat = await eve.createChat();
    const listener = await chat.openLive();
    const other = await addKey(eve);
    await revokeKeysOf(eve, other.keyId);
    await age(chat.stub());
    const heard = listener.frames.length;
    const socket = await other.visitor.open(`${chat.path}/socket`);
    socket.ask("r1", "[[words:40]]", { body: OPENAI });
    await socket.waitForEnd("r1");
    expect(await listener.closed).toMatchObject({ code: 4401 });
    expect(listener.frames.slice(heard)).toEqual([]);
    expect(socket.textOf("r1").split(/\s+/)).toHaveLength(40);
  });

  it("[AU30] [SE16] is closed in the middle of the answer that it asked for, which is written to its end", async () => {
    const eve = await createVisitor();
    const chat = await eve.createChat();
    const socket = await chat.openLive();
    await breakProvider("openai", { fault: "slow", times: 1 });
    const instanceClock = { aheadMs: 0 };
    await runInDurableObject(chat.stub(), (instance) => {
      const { clock } = openWiring(readEnv(instance));
      vi.spyOn(clock, "nowMs").mockImplementation(() => Date.now() + instanceClock.aheadMs);
    });
    try {
      socket.ask("r1", "[[words:40]]", { body: OPENAI });
      await socket.waitForText("r1", 5);
      await revokeKeysOf(eve);
      instanceClock.aheadMs = 25_000;
      expect(await socket.closed).toMatchObject({ code: 4401 });
      expect(socket.of("end")).toEqual([]);
      await vi.waitFor(
        async () => {
          const { messages } = await runInDurableObject(chat.stub(), (instance) =>
            instance.readMessages(10, null),
          );
          expect(messages[1]?.metadata?.status).toBe("complete");
          expect(textOf(messages[1]?.parts).split(/\s+/)).toHaveLength(40);
        },
        { timeout: 15_000 },
      );
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("[AU31] of who was removed from the organization is told that there is no such chat", async () => {
    const eve = await createVisitor();
    const chat = await eve.createChat();
    const socket = await chat.openLive();
    await run("delete from membership where user_id = ?", eve.userId);
    await age(chat.stub());
    socket.send({ type: "load-older", before: "x" });
    expect(await socket.closed).toMatchObject({ code: 4404 });
  });

  it("[AU33] that a ticket has opened goes with the key that the ticket was asked for by", async () => {
    const eve = await createVisitor();
    const chat = await eve.createChat();
    const path = `${chat.path}/socket?ticket=${await chat.issueTicket()}`;
    const socket = await new Visitor({}).open(path, { "sec-websocket-protocol": LIVE });
    await age(chat.stub());
    socket.ask("r1", "Please reply with one", { body: OPENAI });
    await socket.waitForEnd("r1");
    await revokeKeysOf(eve);
    await age(chat.stub());
    socket.ask("r2", "Please reply with two");
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(await countTurns(chat)).toBe(1);
  });

  it("[AU34] costs no read of D1 for a turn, one for each socket after a pause, however much is asked", async () => {
    const chat = await ada.createChat();
    const [asker, listener] = [await chat.openLive(), await chat.openLive()];
    const askTwice = async (name: string): Promise<number> => {
      const reads = await countReads(chat);
      for (const id of [`${name}1`, `${name}2`]) {
        asker.ask(id, "[[words:40]]", { body: OPENAI });
        await asker.waitForEnd(id);
      }
      return reads();
    };
    try {
      expect(await askTwice("a")).toBe(0);
      await age(chat.stub());
      expect(await askTwice("b")).toBe(2);
    } finally {
      vi.restoreAllMocks();
    }
    await listener.waitFor((frame) => frame.type === "end" && frame.requestId === "b2");
  });

  it("[AU35] goes on while D1 is away, if it was vouched for lately", async () => {
    const chat = await ada.createChat();
    const [socket, old] = [await chat.openLive(), await chat.openLive()];
    await age(chat.stub());
    await runInDurableObject(chat.stub(), (instance) => {
      vi.spyOn(readEnv(instance).DB, "prepare").mockImplementation(() => {
        throw new Error("D1 is away, says the test");
      });
    });
    try {
      socket.ask("r1", "[[words:40]]", { body: OPENAI });
      await socket.waitForEnd("r1");
      expect(socket.textOf("r1").split(/\s+/)).toHaveLength(40);
      await age(chat.stub(), 3_600_000);
      old.ask("r2", "Please reply with two");
      expect(await old.closed).toMatchObject({ code: 1013 });
    } finally {
      vi.restoreAllMocks();
    }
    expect(await countTurns(chat)).toBe(1);
  });
});

describe("a console", () => {
  const object = () => env.LIVE_CONSOLE.get(env.LIVE_CONSOLE.idFromName(LIVE_CONSOLE_NAME));

  it("[AU32] of who is no admin any more, or has signed out, is told nothing of what happens", async () => {
    const [admin, former, left] = [await createAdmin(), await signUp(), await signUp()];
    for (const one of [former, left]) {
      await run("update user set role = 'admin' where id = ?", await readUserId(one));
    }
    const open = async (one: Visitor) => {
      const console = await openConsole(one);
      await console.waitFor((frame) => frame.type === "hello");
      return console;
    };
    const [stays, demoted, signedOut] = [await open(admin), await open(former), await open(left)];
    await run("update user set role = 'member' where id = ?", await readUserId(former));
    await left.call("POST", "/api/auth/sign-out", {});
    await age(object());
    await act(admin, "google", "open", "for admins alone");
    await stays.waitFor((frame) => frame.type === "circuit" && frame.detail.snapshot.status === "OPEN");
    expect(await demoted.closed).toMatchObject({ code: 4403 });
    expect(await signedOut.closed).toMatchObject({ code: 4401 });
    expect([demoted.frames.length, signedOut.frames.length]).toEqual([1, 1]);
    await act(admin, "google", "reset", "after the test");
  });
});
