/** How long a question may be. A box takes what is longer too: cut off, words would be lost without a sign. Rule WB120. */

/** A frame has a megabyte; a question of this length fits into it in any script. */
const MAX_CHARACTERS = 200_000;

/** Why a text is too long to be sent, and what to do about it; empty when it is not. Pure. */
export function toLengthProblem(text: string): string {
  const { length } = text.trim();
  if (length <= MAX_CHARACTERS) return "";
  const [is, most] = [length, MAX_CHARACTERS].map((count) => count.toLocaleString("en-US"));
  return `This is too long to be sent: ${is} characters, and ${most} is the most. Shorten it, or attach it as a file.`;
}
