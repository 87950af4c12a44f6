/**
 * From a request to a principal: an API key when one is presented (and then nothing else counts), otherwise the
 * sign-in cookie. Rules AU10 to AU15.
 */
import { z } from "zod";
import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { Log } from "../../base/log.ts";
import { parsePresentedKey } from "../api-key.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import { UserIdText } from "../principal.ts";
import type { ApiKeyPrincipal, AuthenticationFailure, Principal } from "../principal.ts";
import type { AccountStore } from "../store/account-store.ts";
import { LAST_USED_RESOLUTION_MS } from "../store/api-key-store.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";
import { hashSecret } from "../store/hash-secret.ts";
import { describeError } from "../store/describe-error.ts";
import type { Auth } from "./better-auth.ts";

/** How long a revoked key may still work in an isolate that knew it. */
export const KEY_CACHE_LIFETIME_MS = 30_000;
/** About 3 MB at most. */
const KEY_CACHE_ENTRIES = 10_000;

export interface ResolverDependencies {
  /** Loaded when somebody comes with a cookie: programs with keys do without it, and so does the start. */
  readonly openAuth: () => Promise<Auth>;
  readonly accounts: Omit<AccountStore, "releaseTornSignUp">;
  readonly apiKeys: ApiKeyStore;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Keeps the platform from ending work that nobody awaits. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface PrincipalResolver {
  resolve(request: Request): Promise<Result<Principal, AuthenticationFailure>>;
  /** Makes a revocation take effect in this isolate at once. */
  forgetKey(keyId: string): void;
}

/** What is read of better-auth's answer. */
const SignIn = z.object({
  session: z.object({ id: z.string() }),
  user: z.object({
    id: UserIdText,
    email: z.string(),
    name: z.string(),
    role: z.enum(["member", "admin"]),
  }),
});

interface CachedKey {
  readonly principal: ApiKeyPrincipal;
  lastUsedAtMs: number | null;
}

interface KeyCache {
  readonly entries: ExpiringCache<CachedKey>;
  /** How many were noticed in this isolate: what was read before one may be what it has revoked. */
  revocations: number;
}

export function createPrincipalResolver(dependencies: ResolverDependencies): PrincipalResolver {
  const cache: KeyCache = {
    entries: new ExpiringCache(KEY_CACHE_LIFETIME_MS, KEY_CACHE_ENTRIES),
    revocations: 0,
  };
  return {
    async resolve(request) {
      const presented = parsePresentedKey(request.headers);
      if (!presented.ok) return presented;
      return presented.value === null
        ? resolveCookie(dependencies, request.headers)
        : resolveKey(dependencies, cache, presented.value);
    },
    forgetKey(keyId) {
      cache.revocations += 1;
      cache.entries.deleteWhere((entry) => entry.principal.keyId === keyId);
    },
  };
}

async function resolveKey(
  dependencies: ResolverDependencies,
  cache: KeyCache,
  key: string,
): Promise<Result<Principal, AuthenticationFailure>> {
  const nowMs = dependencies.nowMs();
  // By the key itself, in memory alone: hashing it is a fifteenth of what a whole call costs.
  let entry = cache.entries.read(key, nowMs);
  if (entry === undefined) {
    const { revocations } = cache;
    const found = await dependencies.apiKeys.findByHash(hashSecret(key));
    if (found === null) return fail("unknown-key");
    entry = { ...found };
    if (cache.revocations === revocations) cache.entries.save(key, entry, nowMs);
  }
  if (entry.lastUsedAtMs === null || nowMs - entry.lastUsedAtMs >= LAST_USED_RESOLUTION_MS) {
    entry.lastUsedAtMs = nowMs;
    dependencies.waitUntil(saveLastUsed(dependencies, entry.principal.keyId, nowMs));
  }
  return succeed(entry.principal);
}

async function saveLastUsed(dependencies: ResolverDependencies, keyId: string, nowMs: number): Promise<void> {
  try {
    await dependencies.apiKeys.saveLastUsed(keyId, nowMs);
  } catch (error) {
    dependencies.log.write("warn", "background_failed", {
      task: "api-key-last-used",
      error: describeError(error),
    });
  }
}

async function resolveCookie(
  { openAuth, accounts }: ResolverDependencies,
  headers: Headers,
): Promise<Result<Principal, AuthenticationFailure>> {
  // Most strangers bring no cookie at all: they cost no query.
  if (!headers.has("cookie")) return fail("no-credentials");
  const auth = await openAuth();
  const answer = await auth.api.getSession({ headers });
  if (answer === null) return fail("no-sign-in");
  const { user: person, session } = SignIn.parse(answer);
  const organization =
    (await accounts.readOrganizationOfUser(person.id)) ??
    (await accounts.savePersonalOrganization({ userId: person.id, name: person.name }));
  return succeed({
    kind: "user",
    signInId: session.id,
    userId: person.id,
    organizationId: organization.id,
    role: person.role,
    email: person.email,
    name: person.name,
  });
}
