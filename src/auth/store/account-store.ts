/** Organizations and memberships in D1. Users themselves are written by better-auth (client/better-auth.ts). */
import { asc, eq, sql } from "drizzle-orm";
import { membership, organization } from "../../../schema/d1/accounts.ts";
import { newId, newOrganizationId } from "../../base/id.ts";
import type { IdSource, OrganizationId } from "../../base/id.ts";
import { OrganizationIdText } from "../principal.ts";
import type { Database } from "./database.ts";

export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
}

export interface AccountStore {
  /** The organization a user acts in: the oldest membership. Null when there is none (a torn sign-up). */
  readOrganizationOfUser(userId: string): Promise<Organization | null>;
  readOrganization(organizationId: string): Promise<Organization | null>;
  /**
   * Makes the organization that belongs to one user, and the membership in it, in one batch. Doing it again, at the
   * same time or years later, changes nothing and returns the same organization.
   */
  savePersonalOrganization(owner: { readonly userId: string; readonly name: string }): Promise<Organization>;
  /** Takes an address from a user who was made before then, has no way to sign in and is signed in nowhere. */
  releaseTornSignUp(email: string, beforeMs: number): Promise<void>;
}

/** Renamed and not removed: nothing that names the user has to go first. No mail is ever sent to `.invalid`. */
const RELEASE_STATEMENT = `
  update user set email = id || '@torn.invalid'
  where email = ?1 and created_at < ?2
    and not exists (select 1 from auth_account where auth_account.user_id = user.id)
    and not exists (select 1 from auth_session where auth_session.user_id = user.id)`;

const columns = { id: organization.id, name: organization.name };

function toOrganization(row: { id: string; name: string } | undefined): Organization | null {
  return row === undefined ? null : { id: OrganizationIdText.parse(row.id), name: row.name };
}

export function createAccountStore(database: Database, source: IdSource): AccountStore {
  const readOrganizationOfUser = async (userId: string): Promise<Organization | null> => {
    const rows = await database
      .select(columns)
      .from(membership)
      .innerJoin(organization, eq(organization.id, membership.organizationId))
      .where(eq(membership.userId, userId))
      .orderBy(asc(membership.createdAtMs), asc(membership.id))
      .limit(1);
    return toOrganization(rows[0]);
  };

  return {
    readOrganizationOfUser,
    async readOrganization(organizationId) {
      const rows = await database
        .select(columns)
        .from(organization)
        .where(eq(organization.id, organizationId))
        .limit(1);
      return toOrganization(rows[0]);
    },
    async savePersonalOrganization({ userId, name }) {
      const createdAtMs = source.nowMs();
      await database.batch([
        database
          .insert(organization)
          .values({ id: newOrganizationId(source), name, personalOfUserId: userId, createdAtMs })
          .onConflictDoNothing(),
        // The organization may be one that an earlier attempt made, so its id is looked up and not assumed.
        database
          .insert(membership)
          .select(
            database
              .select({
                id: sql<string>`${newId("mem", source)}`.as("id"),
                userId: sql<string>`${userId}`.as("user_id"),
                organizationId: organization.id,
                role: sql<"owner">`'owner'`.as("role"),
                createdAtMs: sql<number>`${createdAtMs}`.as("created_at_ms"),
              })
              .from(organization)
              .where(eq(organization.personalOfUserId, userId)),
          )
          .onConflictDoNothing(),
      ]);
      const saved = await readOrganizationOfUser(userId);
      if (saved === null) throw new Error("the personal organization was not there after it was saved");
      return saved;
    },
    async releaseTornSignUp(email, beforeMs) {
      await database.$client.prepare(RELEASE_STATEMENT).bind(email, beforeMs).run();
    },
  };
}
