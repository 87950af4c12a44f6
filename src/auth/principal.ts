/**
 * Who is asking. Resolved once at the edge (src/auth/client/principal-resolver.ts), then handed on as a value. A
 * program with an API key is never an admin, whoever made the key: a leaked key must not reach the console.
 */
import { z } from "zod";
import type { OrganizationId, UserId } from "../base/id.ts";

export interface UserPrincipal {
  readonly kind: "user";
  readonly userId: UserId;
  readonly organizationId: OrganizationId;
  readonly role: "member" | "admin";
  readonly email: string;
  readonly name: string;
}

export interface ApiKeyPrincipal {
  readonly kind: "api-key";
  readonly keyId: string;
  readonly userId: UserId;
  readonly organizationId: OrganizationId;
  readonly role: "member";
}

export type Principal = UserPrincipal | ApiKeyPrincipal;

/** Why nobody could be told; for the log only, since an answer says no more than 401. */
export type AuthenticationFailure = "no-credentials" | "malformed-key" | "unknown-key" | "no-sign-in";

/** Ids are opaque, and short enough for a column, a header and a log line. */
const isIdText = (value: unknown): boolean =>
  typeof value === "string" && value.length > 0 && value.length <= 100;

/** The one place where a text from a database or a header becomes a branded id. */
export const UserIdText = z.custom<UserId>(isIdText);
export const OrganizationIdText = z.custom<OrganizationId>(isIdText);

/** The header in which the Worker tells a chat's object who is at the door. Clients' own are stripped (rule HT12). */
export const PRINCIPAL_HEADER = "x-breakwater-principal";
/** The header in which a ticket goes to the object, which alone can say whether it is good. */
export const TICKET_HEADER = "x-breakwater-ticket";

/** What stands in PRINCIPAL_HEADER, as JSON. WIRE between Worker and object: versions run side by side. */
export const ObjectPrincipal = z.object({ userId: UserIdText, organizationId: OrganizationIdText });
export type ObjectPrincipal = z.infer<typeof ObjectPrincipal>;
