/** Cuts a text to a number of bytes at a character, and says that it did. Rule TL14. */

/** What a tool may give to a model: some 16,000 tokens. */
export const MAX_OUTPUT_BYTES = 65_536;

const NOTE_BYTES = 100;

export function limitText(text: string, maxBytes: number = MAX_OUTPUT_BYTES): string {
  // No character takes more than three bytes for each UTF-16 unit.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes - NOTE_BYTES);
  // Bytes that begin with 10 go on with a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end -= 1;
  const kept = new TextDecoder().decode(bytes.subarray(0, end));
  return `${kept}\n[Cut here: the whole is ${bytes.length} bytes, shown are the first ${end}.]`;
}
