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

/** Removes every text whose key begins so. */
export function forgetStored(prefix: string): void {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
    for (const key of keys) if (key.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Forbidden: then nothing was kept.
  }
}
