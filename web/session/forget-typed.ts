/** Forgets what a person typed in this tab: whoever signs in next must not find it. Rules WB95, WB122. */
import { DRAFT_PREFIX } from "./draft.ts";
import { OUTBOX_PREFIX } from "./outbox.ts";

/** Whose it is: a sign-in may run out without anybody signing out. */
const TYPIST_KEY = "breakwater.typist";

/** Drafts and questions on their way, of every chat. */
export function forgetTyped(storage: Storage): void {
  try {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    for (const key of keys) {
      if (key.startsWith(DRAFT_PREFIX) || key.startsWith(OUTBOX_PREFIX)) storage.removeItem(key);
    }
    storage.removeItem(TYPIST_KEY);
  } catch {
    // Storage may be forbidden: then nothing was kept.
  }
}

/** What is typed from here on is that person's; what another one typed is forgotten. */
export function claimTyped(storage: Storage, userId: string): void {
  try {
    const typist = storage.getItem(TYPIST_KEY);
    if (typist !== null && typist !== userId) forgetTyped(storage);
    storage.setItem(TYPIST_KEY, userId);
  } catch {
    // Storage may be forbidden: then nothing was kept.
  }
}
