/** A request's path as the log may have it. Rule HT3. */

/** What opens a chat to whoever has it (src/http/routes/shared.ts) is 256 bits in hexadecimal. */
const SECRET = /[0-9a-f]{64,}/gi;

/** Without the secret of a read-only link: whoever reads the log would otherwise read the chat. */
export function toLoggedPath(path: string): string {
  return path.replace(SECRET, "…");
}
