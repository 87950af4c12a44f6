/** What a socket's texts may measure, in bytes: frames that come in, reasons that go out. Pure. Rules SE14 and SE15. */

/** A UTF-16 unit has at most three bytes in UTF-8. */
const MOST_BYTES_PER_UNIT = 3;
/** RFC 6455: 125 bytes for a control frame, two of them for the code. `close` throws at more. */
const MAX_REASON_BYTES = 123;

/** True when the text has more than `limitBytes` in UTF-8. Counts only when the length leaves it open. */
export function isLongerThan(text: string, limitBytes: number): boolean {
  if (text.length > limitBytes) return true;
  if (text.length * MOST_BYTES_PER_UNIT <= limitBytes) return false;
  return new TextEncoder().encode(text).byteLength > limitBytes;
}

/** The longest beginning of the text that a close frame can carry; never half a character. */
export function toCloseReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_REASON_BYTES));
  return text.slice(0, read);
}
