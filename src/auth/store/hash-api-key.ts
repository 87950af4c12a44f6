/** The form in which API keys are stored and looked for. */
import { createHash } from "node:crypto";

/** SHA-256 of the key in lower-case hexadecimal. Made at once: every call pays for it, and waiting costs more than hashing. */
export function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
