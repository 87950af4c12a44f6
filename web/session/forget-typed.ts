/** Forgets what a person typed in this tab: whoever signs in next must not find it. Rule WB95. */
import { DRAFT_PREFIX } from "./draft.ts";
import { OUTBOX_PREFIX } from "./outbox.ts";

/** Drafts and questions on their way, of every chat. */
export function forgetTyped(storage: Storage): void {
  try {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
    for (const key of keys) {
      if (key.startsWith(DRAFT_PREFIX) || key.startsWith(OUTBOX_PREFIX)) storage.removeItem(key);
    }
  } catch {
    // Storage may be forbidden: then nothing was kept.
  }
}
