/** The browser's storage, which may be forbidden or full: reading gives null then, writing does nothing. */

/** The stored text, or null. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text; losing it must do no harm. */
export function saveStored(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Forbidden or full: the choice lasts as long as the page.
  }
}
