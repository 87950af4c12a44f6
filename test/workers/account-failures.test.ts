/** Signing up, in and out while D1 fails: what is answered, what is on record, and what is left behind. */
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { user } from "../../schema/d1/accounts.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import type { Database } from "../../src/auth/store/database.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { database, PASSWORD, signUp, startApp, toCookie } from "./http-services.ts";

const SIGN_UP = "/api/auth/sign-up/email";
const SIGN_IN = "/api/auth/sign-in/email";
const newEmail = () => `constable-${crypto.randomUUID()}@example.com`;

afterEach(() => {
  vi.restoreAllMocks();
});

/** D1, but for the statements that begin like this. */
function failingAt(beginning: string): Database {
  const { DB } = env;
  // Nothing else of it is used.
  const own: Readonly<Record<string, unknown>> = {
    prepare: (sql: string) => DB.prepare(sql.startsWith(beginning) ? "select nothing" : sql),
    batch: (statements: D1PreparedStatement[]) => DB.batch(statements),
  };
  return openDatabase(new Proxy(DB, { get: (_, name) => own[String(name)] }));
}

/** What goes to the log beside our own lines. */
function listenToConsole(): unknown[][] {
  const heard: unknown[][] = [];
  for (const name of ["error", "warn", "log", "info"] as const) {
    vi.spyOn(console, name).mockImplementation((...words: unknown[]) => void heard.push(words));
  }
  return heard;
}

describe("an error inside", () => {
  it.each([
    ["a sign-in", SIGN_IN, 'select "id", "name"'],
    ["a sign-up", SIGN_UP, 'insert into "auth_account"'],
    ["a sign-up", SIGN_UP, 'insert into "auth_session"'],
  ])("[AU40] of %s (%s, %s) is 500 and a line without what was bound", async (_, path, statement) => {
    const heard = listenToConsole();
    const app = startApp({ auth: { database: failingAt(statement) } });
    const body = { email: newEmail(), password: PASSWORD, name: "Constable" };
    const answer = await app.call("POST", path, body, { "x-request-id": "r40" });
    expect(answer.status).toBe(500);
    expect(Problem.parse(await answer.json())).toMatchObject({ code: "internal", requestId: "r40" });
    expect(app.linesOf("internal_error")).toMatchObject([
      { request_id: "r40", error: expect.stringContaining(statement) as unknown },
    ]);
    expect(heard).toEqual([]);
    expect(JSON.stringify(app.lines)).not.toContain(body.email);
  });

  it("[AU40] that better-auth answers itself is on record with its cause", async () => {
    const heard = listenToConsole();
    const app = startApp({ auth: { database: failingAt('insert into "user"') } });
    const body = { email: newEmail(), password: PASSWORD, name: "Constable" };
    expect((await app.call("POST", SIGN_UP, body)).status).toBe(422);
    expect(app.linesOf("auth_message")).toEqual([
      {
        message: expect.stringMatching(
          /^Failed to create user: Error: D1_ERROR: .* in: insert into/,
        ) as unknown,
      },
    ]);
    expect(heard).toEqual([]);
    expect(JSON.stringify(app.lines)).not.toContain(body.email);
  });

  it("[AU40] is none where a caller is refused: nothing is written but lines of ours", async () => {
    const heard = listenToConsole();
    const app = startApp();
    const body = { email: newEmail(), password: PASSWORD, name: "Constable" };
    const elsewhere = { ...body, callbackURL: "https://evil.example" };
    expect((await app.call("POST", SIGN_UP, elsewhere)).status).toBe(403);
    expect((await app.call("POST", SIGN_IN, elsewhere)).status).toBe(403);
    expect((await app.call("POST", SIGN_UP, body, { "content-type": "application/x+json" })).status).toBe(
      415,
    );
    expect((await app.call("POST", SIGN_UP, { ...body, password: "short" })).status).toBe(400);
    expect(app.linesOf("internal_error")).toEqual([]);
    expect(heard).toEqual([]);
  });
});

describe("signing out", () => {
  /** Statements that begin so fail as often. */
  function failingTimes(beginning: string, times: number): { database: Database; asked: () => number } {
    const { DB } = env;
    let asked = 0;
    const prepare = (sql: string): D1PreparedStatement => {
      const isIt = sql.startsWith(beginning);
      if (isIt) asked += 1;
      return DB.prepare(isIt && asked <= times ? "select nothing" : sql);
    };
    const own = new Proxy(DB, { get: (_, name) => (name === "prepare" ? prepare : undefined) });
    return { database: openDatabase(own), asked: () => asked };
  }

  async function leave(times: number) {
    listenToConsole();
    const { database: failing, asked } = failingTimes('delete from "auth_session"', times);
    const app = startApp({ auth: { database: failing } });
    const { cookie } = await signUp(app, "constable");
    const out = await app.call("POST", "/api/auth/sign-out", {}, { cookie });
    const me = await app.call("GET", "/api/v1/me", undefined, { cookie });
    return { out, me: me.status, asked: asked() };
  }

  it("[AU42] is tried again where D1 fails once", async () => {
    const { out, me, asked } = await leave(1);
    expect([out.status, me, asked]).toEqual([200, 401, 2]);
  });

  it("[AU42] says that the sign-in could not be ended, and the browser forgets it all the same", async () => {
    const { out, me, asked } = await leave(9);
    expect([out.status, me, asked]).toEqual([503, 200, 3]);
    expect(Problem.parse(await out.json())).toMatchObject({ code: "unavailable" });
    expect(out.headers.getSetCookie()).toContainEqual(expect.stringMatching(/session_token=;.*Max-Age=0/));
  });
});

describe("a sign-up that broke off", () => {
  const body = () => ({ email: newEmail(), password: PASSWORD, name: "Constable" });
  const breakOff = async (given: ReturnType<typeof body>) => {
    listenToConsole();
    const torn = startApp({ auth: { database: failingAt('insert into "auth_account"') } });
    expect((await torn.call("POST", SIGN_UP, given)).status).toBe(500);
  };
  const age = (email: string, ms: number) =>
    database
      .update(user)
      .set({ createdAt: new Date(Date.now() - ms) })
      .where(eq(user.email, email));

  it("[AU41] leaves the address to whoever signs up with it a minute later", async () => {
    const given = body();
    await breakOff(given);
    await age(given.email, 61_000);
    const app = startApp();
    const again = await app.call("POST", SIGN_UP, { ...given, email: given.email.toUpperCase() });
    expect(again.status).toBe(200);
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie: toCookie(again) })).status).toBe(200);
    expect((await app.call("POST", SIGN_IN, given)).status).toBe(200);
    expect(await database.select().from(user).where(eq(user.email, given.email))).toHaveLength(1);
  });

  it("[AU41] is not taken for one that is still being written", async () => {
    const given = body();
    await breakOff(given);
    await age(given.email, 30_000);
    expect((await startApp().call("POST", SIGN_UP, given)).status).toBe(422);
  });

  it("[AU41] is none of somebody who can sign in, however old", async () => {
    const given = body();
    const app = startApp();
    expect((await app.call("POST", SIGN_UP, given)).status).toBe(200);
    await age(given.email, 365 * 24 * 60 * 60 * 1_000);
    expect((await app.call("POST", SIGN_UP, { ...given, password: "another password" })).status).toBe(422);
    expect((await app.call("POST", SIGN_IN, given)).status).toBe(200);
  });
});
