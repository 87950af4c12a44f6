/** Keeps what is being typed in the tab's session storage, so that a reload does not lose it. One text a chat. */
export const DRAFT_PREFIX = "breakwater.draft.";

/** What was typed; `sessionId` is empty for a chat that is not there yet. */
export function readDraft(storage: Storage, sessionId: string): string {
  try {
    return storage.getItem(DRAFT_PREFIX + sessionId) ?? "";
  } catch {
    // Storage may be forbidden: then nothing was kept.
    return "";
  }
}

/** What was typed on after a question was sent from the box, which still holds it. */
export function toUnsent(typed: string, asked: string): string {
  const text = typed.trim();
  return text.startsWith(asked) ? text.slice(asked.length).trimStart() : text;
}

/** Keeps the text in place of the one that was kept; an empty one removes it. */
export function saveDraft(storage: Storage, sessionId: string, text: string): void {
  try {
    if (text === "") storage.removeItem(DRAFT_PREFIX + sessionId);
    else storage.setItem(DRAFT_PREFIX + sessionId, text);
  } catch {
    // Full or forbidden: the text lasts as long as the page.
  }
}
