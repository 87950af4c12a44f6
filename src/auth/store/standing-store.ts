/** How somebody who was let in stands now, read afresh from D1 and kept nowhere. Rules AU30 to AU34. */
import { and, eq, gt, isNull } from "drizzle-orm";
import { apiKey, authSession, membership, user } from "../../../schema/d1/accounts.ts";
import type { ObjectPrincipal } from "../principal.ts";
import type { Standing } from "../socket-standing.ts";
import type { Database } from "./database.ts";

/** One read by a primary key, whoever asks. */
export async function readStanding(
  database: Database,
  { userId, organizationId, credential }: ObjectPrincipal,
  nowMs: number,
): Promise<Standing> {
  if (credential === null) return "unknown";
  const isMember = and(eq(membership.userId, userId), eq(membership.organizationId, organizationId));
  if (credential.kind === "api-key") {
    const ofKey = [eq(apiKey.id, credential.id), eq(apiKey.userId, userId), isNull(apiKey.revokedAtMs)];
    const [key] = await database
      .select({ membershipId: membership.id })
      .from(apiKey)
      .leftJoin(membership, isMember)
      .where(and(...ofKey, eq(apiKey.organizationId, organizationId)))
      .limit(1);
    if (key === undefined) return "gone";
    return key.membershipId === null ? "outsider" : "member";
  }
  const [person] = await database
    .select({ membershipId: membership.id, role: user.role })
    .from(authSession)
    .innerJoin(user, eq(user.id, authSession.userId))
    .leftJoin(membership, isMember)
    .where(
      and(
        eq(authSession.id, credential.id),
        eq(authSession.userId, userId),
        gt(authSession.expiresAt, new Date(nowMs)),
      ),
    )
    .limit(1);
  if (person === undefined) return "gone";
  return person.membershipId === null ? "outsider" : person.role;
}
