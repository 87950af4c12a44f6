/**
 * better-auth, set up for this product: e-mail and password, sign-ins kept in D1, attempts counted in D1. The
 * composition root makes one for each isolate and keeps it (making one costs milliseconds). Rules AU1 to AU9, AU40, AU41.
 */
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { betterAuth } from "better-auth/minimal";
import { createAuthMiddleware } from "@better-auth/core/api";
import { isAPIError } from "@better-auth/core/utils/is-api-error";
import { z } from "zod";
import {
  authAccount,
  authRateLimit,
  authSession,
  authVerification,
  user,
} from "../../../schema/d1/accounts.ts";
import { newId } from "../../base/id.ts";
import type { IdSource } from "../../base/id.ts";
import type { Log } from "../../base/log.ts";
import { toOwnOrigins } from "../origin.ts";
import type { OriginPolicy } from "../origin.ts";
import { SIGN_IN_LIFETIME_MS } from "../sign-in-lifetime.ts";
import type { AccountStore } from "../store/account-store.ts";
import type { Database } from "../store/database.ts";
import { describeError } from "../store/describe-error.ts";

export interface AuthSettings extends OriginPolicy {
  readonly database: Database;
  readonly accounts: AccountStore;
  readonly source: IdSource;
  readonly log: Log;
  /** Newest first; the first signs, the others still open what they encrypted. 32 characters or more each. */
  readonly secrets: readonly { readonly version: number; readonly value: string }[];
  /** Sign-ins, and apart from them sign-ups, that one address may try in a minute. */
  readonly attemptsPerMinute: number;
  /** Sends the mail that proves an address; null where no mail can be sent, and addresses stay unproven. */
  readonly sendVerification: ((mail: { email: string; name: string; url: string }) => Promise<void>) | null;
}

/** What the library calls a failure that it is about to hide. */
const HIDDEN_FAULT = "INTERNAL_SERVER_ERROR";
const MIN_PASSWORD_CHARACTERS = 10;
/** Hashing costs time in proportion; nobody types more. */
const MAX_PASSWORD_CHARACTERS = 128;

export type Auth = ReturnType<typeof createAuth>;

export function createAuth(settings: AuthSettings) {
  const { database, source } = settings;
  const attempts = { window: 60, max: settings.attemptsPerMinute };
  return betterAuth({
    appName: "Breakwater",
    baseURL: settings.publicUrl,
    basePath: "/api/auth",
    secrets: settings.secrets.map(({ version, value }) => ({ version, value })),
    trustedOrigins: (request) => [
      ...settings.allowedOrigins,
      ...(request === undefined ? [] : toOwnOrigins(request.url, settings)),
    ],
    database: drizzleAdapter(database, {
      provider: "sqlite",
      // D1 has no interactive transactions.
      transaction: false,
      schema: {
        user,
        session: authSession,
        account: authAccount,
        verification: authVerification,
        rateLimit: authRateLimit,
      },
    }),
    user: {
      additionalFields: { role: { type: "string", required: true, defaultValue: "member", input: false } },
    },
    // No cookie cache: it would keep a revoked sign-in alive.
    session: { expiresIn: SIGN_IN_LIFETIME_MS / 1_000, disableSessionRefresh: true },
    emailAndPassword: toPasswordSettings(settings.sendVerification !== null),
    emailVerification: toVerificationSettings(settings.sendVerification),
    databaseHooks: {
      user: { create: { after: (created) => savePersonalOrganization(settings, created) } },
    },
    rateLimit: {
      enabled: true,
      storage: "database",
      customRules: { "/sign-in/*": attempts, "/sign-up/*": attempts, "/sign-out": false },
    },
    advanced: {
      cookiePrefix: "breakwater",
      useSecureCookies: settings.publicUrl.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax", path: "/" },
      // better-auth lowers both by itself where it believes to be under test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      // Only the platform's header: a client can write the others.
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
      database: { generateId: ({ model }) => newId(model, source) },
    },
    hooks: { before: createAuthMiddleware(({ path, body }) => releaseTornSignUp(settings, path, body)) },
    telemetry: { enabled: false },
    // It would print an error as it is, with what was bound to its statement, and answer nothing; a refusal is an answer.
    onAPIError: {
      onError: (error) => {
        if (!isAPIError(error)) throw error;
      },
    },
    logger: {
      level: "error",
      log: (level, message, ...details: unknown[]) => {
        const [fault] = details;
        // Where a sign-in is read it would put an answer that says nothing in the place of what failed. Rule OP68.
        if (message === HIDDEN_FAULT && fault instanceof Error) throw fault;
        const line = { message: toLoggedMessage(message, details) };
        settings.log.write(level === "error" ? "warn" : "info", "auth_message", line);
      },
    },
  });
}

/** Many times what the rest of a sign-up takes: one that is still being written is left alone. */
const TORN_AFTER_MS = 60_000;

/**
 * A sign-up writes the person first and the password after. One that broke off in between, by an error of D1 or a
 * browser that went away, would keep its address for good: nobody could sign in with it, or up. Rule AU41.
 */
async function releaseTornSignUp(
  { accounts, source }: AuthSettings,
  path: string,
  body: unknown,
): Promise<void> {
  const signUp = z.object({ email: z.string() }).safeParse(body);
  if (path !== "/sign-up/email" || !signUp.success) return;
  await accounts.releaseTornSignUp(signUp.data.email.toLowerCase(), source.nowMs() - TORN_AFTER_MS);
}

/** Of what comes with the sentence only errors are told of, without the addresses and hashes that were bound. Rule AU40. */
function toLoggedMessage(message: string, details: readonly unknown[]): string {
  return [message, ...details.filter((detail) => detail instanceof Error).map(describeError)].join(": ");
}

function toPasswordSettings(verified: boolean) {
  return {
    enabled: true,
    minPasswordLength: MIN_PASSWORD_CHARACTERS,
    maxPasswordLength: MAX_PASSWORD_CHARACTERS,
    requireEmailVerification: verified,
    revokeSessionsOnPasswordReset: true,
    // What a second sign-up with a known address is answered must have the very fields of a first one.
    customSyntheticUser: ({
      coreFields,
      id,
    }: {
      coreFields: Record<string, unknown>;
      id: string;
    }): Record<string, unknown> => ({ ...coreFields, role: "member", id }),
  };
}

function toVerificationSettings(send: AuthSettings["sendVerification"]) {
  if (send === null) return {};
  return {
    sendOnSignUp: true,
    sendOnSignIn: true,
    autoSignInAfterVerification: true,
    sendVerificationEmail: (mail: { user: { email: string; name: string }; url: string }): Promise<void> =>
      send({ email: mail.user.email, name: mail.user.name, url: mail.url }),
  };
}

/** A failure here must not undo the sign-up: the first request that finds no membership makes it (AU3). */
async function savePersonalOrganization(
  settings: AuthSettings,
  created: { readonly id: string; readonly name: string },
): Promise<void> {
  try {
    await settings.accounts.savePersonalOrganization({ userId: created.id, name: created.name });
  } catch (error) {
    settings.log.write("warn", "background_failed", {
      task: "personal-organization",
      error: describeError(error),
    });
  }
}
