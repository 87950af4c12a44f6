/** What a stand-in measures of a text: words, tokens, a number to choose by. Pure. */

/** The usual rule of thumb for English. */
export const CHARACTERS_PER_TOKEN = 4;

export function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** A small stable number from a text (FNV-1a), to choose by. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}'-]+/gu) ?? [];
}

/** The question without its orders to the stand-in. */
export function withoutDirectives(text: string): string {
  return text.replace(/\[\[(?:words|tool):[^\]]*\]\]/g, "").trim();
}
