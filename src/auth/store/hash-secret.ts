/** What is kept of a secret that somebody else holds: an API key, a ticket, a link. 256 random bits need no salt. */
import { createHash } from "node:crypto";

/** SHA-256 in lower-case hexadecimal. Made at once: every call pays for its key, and waiting costs more than hashing. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
