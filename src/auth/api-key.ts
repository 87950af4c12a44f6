/** The shape of an API key: how one is made and recognized in a request. It is stored as a hash (store/hash-secret.ts). */
import { base64Url } from "@better-auth/utils/base64";
import type { IdSource } from "../base/id.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";

/** Lets secret scanners find a leaked key. */
const KEY_PREFIX = "bw_";
/** 256 bits: no salt and no slow hash are needed for what cannot be guessed. */
const KEY_BYTES = 32;
/** Enough to tell keys apart in a list; 30 of 256 bits. */
const START_CHARACTERS = KEY_PREFIX.length + 5;
const KEY_SHAPE = /^bw_[A-Za-z0-9_-]{43}$/;

/** Makes a new key. It is shown once and stored only as its hash. */
export function newApiKey(source: Pick<IdSource, "randomBytes">): string {
  return KEY_PREFIX + base64Url.encode(source.randomBytes(KEY_BYTES), { padding: false });
}

/** The first characters of a key, for lists. */
export function toKeyStart(key: string): string {
  return key.slice(0, START_CHARACTERS);
}

/**
 * Reads the key that a request presents in `Authorization: Bearer` or `x-api-key`. Null when it presents none;
 * `malformed-key` when what it presents cannot be one of ours, so that no database is asked about it.
 */
export function parsePresentedKey(headers: Headers): Result<string | null, "malformed-key"> {
  const authorization = headers.get("authorization");
  const presented =
    authorization === null ? headers.get("x-api-key") : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (presented === null) return succeed(null);
  return presented !== undefined && KEY_SHAPE.test(presented) ? succeed(presented) : fail("malformed-key");
}
