/**
 * Whether an error says that a part of the platform (D1, an object) cannot be asked just now, and not that something of
 * ours is wrong: who asked may try again. Rule OP68. https://developers.cloudflare.com/d1/observability/debug-d1/
 */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { z } from "zod";

/** SQLite's own complaint is about a statement of ours: made again it fails again. */
const MISTAKE = /\bSQLITE_[A-Z]+\b/;
/** What the platform says of an error that does not come from an object's own code. */
const Passing = z.union([
  z.object({ retryable: z.literal(true) }),
  z.object({ overloaded: z.literal(true) }),
]);

export function isAway(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  if (Passing.safeParse(cause).success) return true;
  return cause.message.startsWith("D1_ERROR") && !MISTAKE.test(cause.message);
}
