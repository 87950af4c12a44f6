/**
 * PERSISTED: what a turn leaves in the outbox and the queue carries to D1. Old ones may still be on their way when
 * a new version is deployed: add fields with a default only.
 */
import { z } from "zod";
import { SelectionRecord } from "../../protocol/selection.ts";

export const SelectionMessage = z.object({
  record: SelectionRecord,
  /** The chat's new name, when this turn gave it one; null otherwise. */
  sessionTitle: z.string().nullable().default(null),
  /** The name that the new one takes the place of; null when it is only for a chat without one. */
  replacedTitle: z.string().nullable().default(null),
});
export type SelectionMessage = z.infer<typeof SelectionMessage>;
/** As it is put into the outbox. */
export type NewSelectionMessage = Omit<SelectionMessage, "replacedTitle"> &
  Partial<Pick<SelectionMessage, "replacedTitle">>;
