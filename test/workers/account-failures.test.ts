/** Signing up, in and out while D1 fails: what is answered, what is on record, and what is left behind. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../src/auth/store/database.ts";
import type { Database } from "../../src/auth/store/database.ts";
import { Problem } from "../../src/protocol/problem.ts";
import { PASSWORD, startApp } from "./http-services.ts";

const SIGN_UP = "/api/auth/sign-up/email";
const SIGN_IN = "/api/auth/sign-in/email";
const newEmail = () => `constable-${crypto.randomUUID()}@example.com`;

afterEach(() => {
  vi.restoreAllMocks();
});

/** D1, but for the statements that begin like this. */
function failingAt(beginning: string): Database {
  const { DB } = env;
  return openDatabase({
    prepare: (sql) => DB.prepare(sql.startsWith(beginning) ? "select nothing" : sql),
    batch: (statements) => DB.batch(statements),
    exec: (sql) => DB.exec(sql),
    withSession: (constraint) => DB.withSession(constraint),
    dump: () => Promise.reject(new Error("not used")),
  });
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
