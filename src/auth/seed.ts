/**
 * The first admin and the first API key of a local environment, made by the start script in Node against the same D1
 * file that the Worker opens afterwards. Never used in a deployed environment: admins are made there by a statement
 * that the runbook shows.
 */
import type { IdSource } from "../base/id.ts";
import { parsePresentedKey } from "./api-key.ts";
import { createLocalAccountStore } from "./store/local-account-store.ts";
import { openDatabase } from "./store/database.ts";

export interface SeedSettings {
  readonly adminEmail: string;
  readonly adminPassword: string;
  /** The key that an earlier seeding gave; kept when it still works. */
  readonly apiKey?: string | undefined;
}

/**
 * Makes sure that the admin exists with this password, and that there is an API key for it. Can be repeated: the
 * same settings leave the same account, and a key that still works is returned as it is.
 */
export async function seedLocal(
  binding: D1Database,
  settings: SeedSettings,
  source: IdSource,
): Promise<{ apiKey: string }> {
  const store = createLocalAccountStore(openDatabase(binding), source);
  const owner = await store.saveAdmin({ email: settings.adminEmail, password: settings.adminPassword });
  const known = settings.apiKey === undefined ? null : toKnownKey(settings.apiKey);
  if (known !== null && (await store.isKeyOf(owner, known))) return { apiKey: known };
  return { apiKey: await store.createKey(owner, "Local development") };
}

function toKnownKey(text: string): string | null {
  const parsed = parsePresentedKey(new Headers({ "x-api-key": text }));
  return parsed.ok ? parsed.value : null;
}
