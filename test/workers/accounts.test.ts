/** People: sign-up, sign-in, sign-out, and what attackers try there. Real better-auth over real D1. */
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { authSession, membership, organization, user } from "../../schema/d1/accounts.ts";
import { seedLocal } from "../../src/auth/seed.ts";
import { SIGN_IN_LIFETIME_MS } from "../../src/auth/sign-in-lifetime.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import { createSignInStore } from "../../src/auth/store/sign-in-store.ts";
import { Me } from "../../src/protocol/account.ts";
import { removeExpiredRows } from "../../src/remove-expired-rows.ts";
import { database, PASSWORD, randomSource, signUp, startApp, toCookie } from "./http-services.ts";

const SIGN_UP = "/api/auth/sign-up/email";
const SIGN_IN = "/api/auth/sign-in/email";
/** An id without what differs between two of them. */
const shapeOf = ({ id }: Record<string, unknown>) => String(id).replace(/[0-9a-z]{26}$/, "");
const from = (address: string) => ({ "cf-connecting-ip": address });
const newEmail = () => `${crypto.randomUUID()}@example.com`;

describe("sign-up and sign-in", () => {
  it("[AU1] signs in by a cookie that scripts cannot read and other sites do not send", async () => {
    const app = startApp();
    const email = newEmail();
    const answer = await app.call("POST", SIGN_UP, { email, password: PASSWORD, name: "Ada" });
    expect(answer.status).toBe(200);
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^breakwater\.session_token=/);
    for (const attribute of ["HttpOnly", "SameSite=Lax", "Path=/"]) expect(cookie).toContain(attribute);
    expect(cookie).not.toContain("Secure");
    const again = await app.call("POST", SIGN_IN, { email: email.toUpperCase(), password: PASSWORD });
    expect(again.status).toBe(200);
    const me = Me.parse(
      await (await app.call("GET", "/api/v1/me", undefined, { cookie: toCookie(again) })).json(),
    );
    expect(me.user).toMatchObject({ email, name: "Ada", role: "member" });
  });

  it("[AU1] marks the cookie secure where the product is reached over https", async () => {
    const app = startApp({ auth: { publicUrl: "https://breakwater.example" } });
    const body = { email: newEmail(), password: PASSWORD, name: "Ada" };
    const answer = await app.call("POST", SIGN_UP, body, { origin: "https://breakwater.example" });
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-breakwater\.session_token=.*Secure/);
  });

  it("[AU1] refuses a password below ten characters, and a bad address", async () => {
    const app = startApp();
    const short = { email: newEmail(), password: "123456789", name: "Ada" };
    expect((await app.call("POST", SIGN_UP, short)).status).toBe(400);
    expect((await app.call("POST", SIGN_UP, { ...short, email: "nobody", password: PASSWORD })).status).toBe(
      400,
    );
    expect(await database.select().from(user).where(eq(user.email, short.email))).toEqual([]);
  });

  it("[AU4] takes no role from a request", async () => {
    const app = startApp();
    const email = newEmail();
    const body = { email, password: PASSWORD, name: "Eve", role: "admin", emailVerified: true };
    const cookie = toCookie(await app.call("POST", SIGN_UP, body));
    expect((await app.call("GET", "/api/v1/admin/circuits", undefined, { cookie })).status).toBe(403);
    const rows = await database.select().from(user).where(eq(user.email, email));
    expect(rows.map(({ role, emailVerified }) => [role, emailVerified])).toEqual([["member", false]]);
  });

  it("[AU5] [AU50] answers a wrong password as it does an unknown address", async () => {
    const app = startApp();
    const { email } = await signUp(app, "ada");
    const answers = await Promise.all(
      [email, newEmail()].map(async (address) => {
        const body = { email: address, password: "not the password" };
        // Under one id: it stands in the answer.
        const answer = await app.call("POST", SIGN_IN, body, { "x-request-id": "r5" });
        return { status: answer.status, body: await answer.json(), cookies: answer.headers.getSetCookie() };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.status).toBe(401);
    expect(answers[0]?.body).toMatchObject({
      status: 401,
      code: "INVALID_EMAIL_OR_PASSWORD",
      requestId: "r5",
    });
    expect(app.linesOf("auth_failed")).toHaveLength(2);
  });

  it("[AU6] does not tell a known address from a new one where mail proves addresses", async () => {
    const mails: { email: string; url: string }[] = [];
    const app = startApp({ auth: { sendVerification: (mail) => Promise.resolve(void mails.push(mail)) } });
    const email = newEmail();
    const sign = async () => {
      const answer = await app.call("POST", SIGN_UP, { email, password: PASSWORD, name: "Ada" });
      const body: { token: unknown; user: Record<string, unknown> } = await answer.json();
      return { status: answer.status, body, cookies: answer.headers.getSetCookie() };
    };
    const first = await sign();
    const second = await sign();
    expect(second.status).toBe(first.status);
    expect(second.cookies).toEqual(first.cookies);
    expect(Object.keys(second.body.user).toSorted()).toEqual(Object.keys(first.body.user).toSorted());
    const comparable = ({ body }: typeof first) => ({ ...body.user, id: 0, createdAt: 0, updatedAt: 0 });
    expect(comparable(second)).toEqual(comparable(first));
    expect(shapeOf(second.body.user)).toBe(shapeOf(first.body.user));
    expect(mails.map((mail) => mail.email)).toEqual([email]);
    // Nobody is in before the address is proven; the link in the mail proves it.
    expect((await app.call("POST", SIGN_IN, { email, password: PASSWORD })).status).toBe(403);
    const link = new URL(mails[0]?.url ?? "");
    expect((await app.call("GET", link.pathname + link.search)).status).toBe(302);
    expect((await app.call("POST", SIGN_IN, { email, password: PASSWORD })).status).toBe(200);
  });

  it("[AU6] says so where no mail can be sent, and changes nothing", async () => {
    const app = startApp();
    const { email } = await signUp(app, "ada");
    const again = await app.call("POST", SIGN_UP, { email, password: "another password", name: "Eve" });
    expect(again.status).toBe(422);
    expect(again.headers.getSetCookie()).toEqual([]);
    expect((await app.call("POST", SIGN_IN, { email, password: PASSWORD })).status).toBe(200);
  });

  it("[AU7] limits the attempts of one address in a minute, sign-in and sign-up apart", async () => {
    const app = startApp({ auth: { attemptsPerMinute: 3 } });
    const wrong = { email: newEmail(), password: "not the password" };
    const attempt = (address: string, path = SIGN_IN) =>
      app.call("POST", path, { ...wrong, name: "A" }, from(address));
    for (let count = 0; count < 3; count += 1) expect((await attempt("192.0.2.1")).status).toBe(401);
    const limited = await attempt("192.0.2.1");
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(app.linesOf("rate_limit_exceeded")).toMatchObject([{ path: SIGN_IN }]);
    expect((await attempt("192.0.2.2")).status).toBe(401);
    expect((await attempt("192.0.2.1", SIGN_UP)).status).toBe(200);
    // Another isolate counts in the same table.
    const other = startApp({ auth: { attemptsPerMinute: 3 } });
    expect((await other.call("POST", SIGN_IN, wrong, from("192.0.2.1"))).status).toBe(429);
  });

  it("[AU20] stores no name, address or picture of a megabyte", async () => {
    const app = startApp();
    const good = { email: newEmail(), password: PASSWORD, name: "Ada" };
    const long = "x".repeat(16_384);
    for (const body of [
      { ...good, name: long },
      { ...good, image: long },
      { ...good, email: `${long}@example.com` },
    ]) {
      expect((await app.call("POST", SIGN_UP, body)).status).toBe(413);
      expect((await app.call("POST", SIGN_IN, body)).status).toBe(413);
    }
    expect(await database.select().from(user).where(eq(user.email, good.email))).toEqual([]);
    expect((await app.call("POST", SIGN_UP, { ...good, name: "Ä".repeat(2_000) })).status).toBe(200);
  });

  it("[AU8] ends a sign-in at once", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie })).status).toBe(200);
    const out = await app.call("POST", "/api/auth/sign-out", {}, { cookie });
    expect(out.status).toBe(200);
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie })).status).toBe(401);
  });

  it("[AU8] takes neither a forged cookie nor one that has expired", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const forged = cookie.replace(/.{6}$/, "AAAAAA");
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie: forged })).status).toBe(401);
    await database.update(authSession).set({ expiresAt: new Date(Date.now() - 1_000) });
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie })).status).toBe(401);
  });

  it("[OP63] keeps nothing of a sign-in that is over, and every other one", async () => {
    const app = startApp();
    await database.delete(authSession);
    const { cookie } = await signUp(app, "ada");
    const [row] = await database.select().from(authSession);
    expect(row?.id).toMatch(/^session_/);
    if (row === undefined) throw new Error("no sign-in is stored");
    const endsAtMs = row.expiresAt.getTime();
    await removeExpiredRows(database, endsAtMs - 1_000);
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie })).status).toBe(200);
    await removeExpiredRows(database, endsAtMs + 1_000);
    expect(await database.select().from(authSession)).toEqual([]);
  });

  it("[OP66] cleans every other table when one fails, and says which", async () => {
    const app = startApp();
    await database.delete(authSession);
    await signUp(app, "ada");
    const { DB } = env;
    const own: Readonly<Record<string, unknown>> = {
      prepare: (sql: string) =>
        DB.prepare(/delete from (cached_answer|response_items)/.test(sql) ? "nothing" : sql),
    };
    const partial = openDatabase(new Proxy(DB, { get: (_, name) => own[String(name)] }));
    const later = Date.now() + SIGN_IN_LIFETIME_MS + 1_000;
    await expect(removeExpiredRows(partial, later)).rejects.toThrow(
      /^cached_answer: Error: D1_ERROR.*; response_items: Error: D1_ERROR/,
    );
    expect(await database.select().from(authSession)).toEqual([]);
  });

  it("[OP63] finds them by the key's own index, in bounded steps", async () => {
    const app = startApp();
    await database.delete(authSession);
    for (const name of ["ada", "bob", "eve"]) await signUp(app, name);
    const later = Date.now() + SIGN_IN_LIFETIME_MS + 1_000;
    const store = createSignInStore(database);
    expect([await store.deleteExpired(later, 2), await store.deleteExpired(later, 2)]).toEqual([2, 1]);
    const statement = "select id from auth_session where id < 'a' and expires_at <= 1 order by id limit 2";
    const { results } = await env.DB.prepare(`explain query plan ${statement}`).all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).join()).toMatch(/^SEARCH .*\(id<\?\)$/);
  });

  it("[AU9] lets no page of another site sign anybody in or out", async () => {
    const app = startApp();
    const { email, cookie } = await signUp(app, "ada");
    const foreign = { origin: "https://evil.example" };
    expect((await app.call("POST", SIGN_IN, { email, password: PASSWORD }, foreign)).status).toBe(403);
    expect((await app.call("POST", "/api/auth/sign-out", {}, { ...foreign, cookie })).status).toBe(403);
    expect((await app.call("GET", "/api/v1/me", undefined, { cookie })).status).toBe(200);
  });
});

describe("organizations", () => {
  it("[AU2] come with a sign-up", async () => {
    const app = startApp();
    const { cookie } = await signUp(app, "ada");
    const me = Me.parse(await (await app.call("GET", "/api/v1/me", undefined, { cookie })).json());
    const rows = await database.select().from(membership).where(eq(membership.userId, me.user.id));
    expect(rows).toMatchObject([{ organizationId: me.organization.id, role: "owner" }]);
    expect(me.organization.name).toBe("ada");
  });

  it("[AU3] are made by the next requests, once, when the sign-up could not", async () => {
    const failing = { savePersonalOrganization: () => Promise.reject(new Error("D1 is down")) };
    const broken = startApp();
    const torn = startApp({ auth: { accounts: { ...broken.accounts, ...failing } } });
    const { email, cookie } = await signUp(torn, "ada");
    expect(torn.linesOf("background_failed")).toEqual([
      { task: "personal-organization", error: "Error: D1 is down" },
    ]);
    const [row] = await database.select().from(user).where(eq(user.email, email));
    const ofUser = () =>
      database
        .select()
        .from(organization)
        .where(eq(organization.personalOfUserId, row?.id ?? ""));
    expect(await ofUser()).toEqual([]);
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => broken.call("GET", "/api/v1/me", undefined, { cookie })),
    );
    const seen = await Promise.all(
      answers.map(async (answer) => Me.parse(await answer.json()).organization.id),
    );
    expect(new Set(seen).size).toBe(1);
    expect(await ofUser()).toHaveLength(1);
    expect(
      await database
        .select()
        .from(membership)
        .where(eq(membership.userId, row?.id ?? "")),
    ).toHaveLength(1);
  });
});

describe("seeding", () => {
  it("[AU19] makes an admin and a key, and repeats without leaving anything twice", async () => {
    const app = startApp();
    const settings = { adminEmail: "Admin@Localhost.example", adminPassword: PASSWORD };
    const { apiKey } = await seedLocal(env.DB, settings, randomSource);
    const again = await seedLocal(env.DB, { ...settings, apiKey }, randomSource);
    expect(again.apiKey).toBe(apiKey);
    const body = { email: "admin@localhost.example", password: PASSWORD };
    const cookie = toCookie(await app.call("POST", SIGN_IN, body));
    expect((await app.call("GET", "/api/v1/admin/circuits", undefined, { cookie })).status).toBe(200);
    const byKey = await app.call("GET", "/v1/models", undefined, { authorization: `Bearer ${apiKey}` });
    expect(byKey.status).toBe(200);
    const changed = await seedLocal(
      env.DB,
      { ...settings, adminPassword: "another password", apiKey: "bw_lost" },
      randomSource,
    );
    expect(changed.apiKey).not.toBe(apiKey);
    expect((await app.call("POST", SIGN_IN, body)).status).toBe(401);
    expect((await app.call("POST", SIGN_IN, { ...body, password: "another password" })).status).toBe(200);
    expect(await database.select().from(user).where(eq(user.email, body.email))).toHaveLength(1);
  });
});
