/**
 * The HTTP application over real D1 and real better-auth, with fakes only for the objects and the models. Every
 * test file has a database of its own; `startApp` may be called often within one.
 */
import { env } from "cloudflare:workers";
import { createSelectionStore } from "../../src/analytics/store.ts";
import { createAuth } from "../../src/auth/client/better-auth.ts";
import type { AuthSettings } from "../../src/auth/client/better-auth.ts";
import { createPrincipalResolver } from "../../src/auth/client/principal-resolver.ts";
import { createAccountStore } from "../../src/auth/store/account-store.ts";
import { createApiKeyStore } from "../../src/auth/store/api-key-store.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import type { IdSource } from "../../src/base/id.ts";
import { createApp } from "../../src/http/app.ts";
import type { ChatObject, Services } from "../../src/http/services.ts";
import { createSessionDirectory } from "../../src/session/directory/store.ts";
import { createFakeWorld, OWN_ORIGIN } from "../unit/http/fake-services.ts";

export const PASSWORD = "a long enough password";
export const database = openDatabase(env.DB);

export const randomSource: IdSource = {
  nowMs: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

export interface StartOptions {
  readonly auth?: Partial<AuthSettings>;
  readonly services?: Partial<Services>;
  readonly chatObject?: Partial<ChatObject>;
  /** Added to the time that the cache of keys goes by. */
  readonly aheadMs?: () => number;
}

export function startApp(options: StartOptions = {}) {
  const world = createFakeWorld({ chatObject: options.chatObject ?? {} });
  const pending: Promise<unknown>[] = [];
  const accounts = createAccountStore(database, randomSource);
  const apiKeys = createApiKeyStore(database, randomSource);
  const counts = { findByHash: 0 };
  const { log } = world.services;
  const auth = createAuth({
    database,
    accounts,
    source: randomSource,
    log,
    publicUrl: OWN_ORIGIN,
    allowedOrigins: [],
    secrets: [{ version: 1, value: "0123456789abcdefghijklmnopqrstuvwxyz-for-tests" }],
    attemptsPerMinute: 1_000,
    sendVerification: null,
    ...options.auth,
  });
  const resolver = createPrincipalResolver({
    openAuth: () => Promise.resolve(auth),
    accounts,
    apiKeys: {
      ...apiKeys,
      findByHash: (hash) => {
        counts.findByHash += 1;
        return apiKeys.findByHash(hash);
      },
    },
    log,
    nowMs: () => Date.now() + (options.aheadMs?.() ?? 0),
    waitUntil: (work) => void pending.push(work),
  });
  const services: Services = {
    ...world.services,
    idSource: randomSource,
    accounts,
    apiKeys,
    handleAuth: auth.handler,
    resolvePrincipal: (request) => resolver.resolve(request),
    forgetKey: (keyId) => {
      resolver.forgetKey(keyId);
    },
    directory: createSessionDirectory(database),
    selections: createSelectionStore(database),
    ...options.services,
  };
  const app = createApp(services);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(
      new Request(OWN_ORIGIN + path, {
        method,
        body: body === undefined ? null : JSON.stringify(body),
        headers: { origin: OWN_ORIGIN, "content-type": "application/json", ...headers },
      }),
    );
  const settle = async (): Promise<void> => void (await Promise.all(pending.splice(0)));
  return { ...world, services, app, call, counts, accounts, apiKeys, settle };
}

export type StartedApp = ReturnType<typeof startApp>;

/** The `cookie` header that a browser would send after an answer. */
export function toCookie(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0] ?? "")
    .join("; ");
}

/** Signs a new person up; the headers are those of their browser afterwards. */
export async function signUp(app: StartedApp, name: string): Promise<{ email: string; cookie: string }> {
  const email = `${name}-${crypto.randomUUID()}@example.com`;
  const answer = await app.call("POST", "/api/auth/sign-up/email", { email, password: PASSWORD, name });
  if (answer.status !== 200) throw new Error(`sign-up answered ${answer.status}: ${await answer.text()}`);
  return { email, cookie: toCookie(answer) };
}
