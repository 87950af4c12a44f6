/**
 * Who is asking. Resolved once at the edge (src/auth/client/principal-resolver.ts), then handed on as a value. A
 * program with an API key is never an admin, whoever made the key: a leaked key must not reach the console.
 */
import { z } from "zod";
import type { OrganizationId, UserId } from "../base/id.ts";
import { parseJson } from "../base/parse-json.ts";

export interface UserPrincipal {
  readonly kind: "user";
  /** Which sign-in it is: it ends when it is signed out, or has expired. */
  readonly signInId: string;
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

/** By what somebody was let in. Never the secret itself: an object keeps it with a socket. */
export const Credential = z.object({
  kind: z.enum(["sign-in", "api-key"]),
  id: z.string().min(1).max(100),
});

/** What stands in PRINCIPAL_HEADER, as JSON. WIRE between Worker and object: versions run side by side. */
export const ObjectPrincipal = z.object({
  userId: UserIdText,
  organizationId: OrganizationIdText,
  /** Null from a Worker that is older than it. */
  credential: Credential.nullable().default(null),
});
export type ObjectPrincipal = z.infer<typeof ObjectPrincipal>;

/** Who is at an object's door; null where the Worker has not said so. */
export function readObjectPrincipal(headers: Headers): ObjectPrincipal | null {
  const json = parseJson(headers.get(PRINCIPAL_HEADER) ?? "");
  return json.ok ? (ObjectPrincipal.safeParse(json.value).data ?? null) : null;
}

/** The principal as an object knows it. */
export function toObjectPrincipal(principal: Principal): ObjectPrincipal {
  const { userId, organizationId } = principal;
  const credential: z.infer<typeof Credential> =
    principal.kind === "user"
      ? { kind: "sign-in", id: principal.signInId }
      : { kind: "api-key", id: principal.keyId };
  return { userId, organizationId, credential };
}
