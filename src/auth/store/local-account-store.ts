/** The rows that seeding a local environment writes: an admin with a password, and an API key. */
import { hashPassword } from "better-auth/crypto";
import { eq } from "drizzle-orm";
import { authAccount, user } from "../../../schema/d1/accounts.ts";
import { newId } from "../../base/id.ts";
import type { IdSource } from "../../base/id.ts";
import { hashSecret } from "./hash-secret.ts";
import { createAccountStore } from "./account-store.ts";
import { createApiKeyStore } from "./api-key-store.ts";
import type { KeyOwner } from "./api-key-store.ts";
import type { Database } from "./database.ts";

export interface LocalAccountStore {
  /** Makes the user, or gives an existing one the role and the password. */
  saveAdmin(admin: { readonly email: string; readonly password: string }): Promise<KeyOwner>;
  isKeyOf(owner: KeyOwner, key: string): Promise<boolean>;
  createKey(owner: KeyOwner, name: string): Promise<string>;
}

export function createLocalAccountStore(database: Database, source: IdSource): LocalAccountStore {
  const accounts = createAccountStore(database, source);
  const apiKeys = createApiKeyStore(database, source);
  return {
    async saveAdmin({ email, password }) {
      const address = email.toLowerCase();
      const now = new Date(source.nowMs());
      await database
        .insert(user)
        .values({
          id: newId("user", source),
          name: "Local admin",
          email: address,
          emailVerified: true,
          role: "admin",
          createdAt: now,
          updatedAt: now,
        })
        .onConflictDoUpdate({
          target: user.email,
          set: { role: "admin", emailVerified: true, updatedAt: now },
        });
      const [saved] = await database
        .select({ id: user.id, name: user.name })
        .from(user)
        .where(eq(user.email, address));
      if (saved === undefined) throw new Error("the admin was not there after it was saved");
      const hash = await hashPassword(password);
      await database
        .insert(authAccount)
        .values({
          id: newId("account", source),
          // better-auth's own convention for passwords: the account's id is the user's.
          providerId: "credential",
          accountId: saved.id,
          userId: saved.id,
          password: hash,
          createdAt: now,
          updatedAt: now,
        })
        .onConflictDoUpdate({
          target: [authAccount.providerId, authAccount.accountId],
          set: { password: hash, updatedAt: now },
        });
      const organization = await accounts.savePersonalOrganization({ userId: saved.id, name: saved.name });
      return { userId: saved.id, organizationId: organization.id };
    },
    async isKeyOf(owner, key) {
      const found = await apiKeys.findByHash(hashSecret(key));
      return found !== null && found.principal.userId === owner.userId;
    },
    async createKey(owner, name) {
      const created = await apiKeys.create(owner, name);
      if (!created.ok) throw new Error(`the local admin cannot have another API key: ${created.error}`);
      return created.value.key;
    },
  };
}
