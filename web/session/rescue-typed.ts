/** What was typed in a chat that is gone goes to the box of the next new one: nothing else has it. Rule WB134. */
import { readDraft, saveDraft } from "./draft.ts";
import { readOutbox, saveOutbox } from "./outbox.ts";

/** The questions of a chat that were on their way, and what stands in its box, in that order; empty when there is nothing. */
export function readTyped(storage: Storage, sessionId: string): string {
  const asked = readOutbox(storage, sessionId).flatMap(({ text, takenBack }) => (takenBack ? [] : [text]));
  return [...asked, readDraft(storage, sessionId)].filter((text) => text.trim() !== "").join("\n\n");
}

/** Moves them behind what stands in the new chat's box already. Done twice it does nothing more. */
export function rescueTyped(storage: Storage, sessionId: string): void {
  const typed = readTyped(storage, sessionId);
  if (typed === "") return;
  saveDraft(storage, "", [readDraft(storage, ""), typed].filter((text) => text.trim() !== "").join("\n\n"));
  saveOutbox(storage, sessionId, []);
  saveDraft(storage, sessionId, "");
}
