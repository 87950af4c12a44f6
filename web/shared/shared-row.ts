/** The messages of a shared chat as rows: pages come newest first, and are read oldest first. Pure. Rule WB73. */
import type { SharedChat } from "../../src/protocol/session-api.ts";
import type { TranscriptRow } from "../chat/transcript/transcript-row.ts";

/** Each message once, oldest first. */
export function toSharedRows(pages: readonly Pick<SharedChat, "messages">[]): readonly TranscriptRow[] {
  const seen = new Set<string>();
  return pages
    .toReversed()
    .flatMap(({ messages }) => messages)
    .flatMap((message): TranscriptRow[] => {
      if (seen.has(message.id)) return [];
      seen.add(message.id);
      return [{ kind: "message", key: message.id, message, place: null, waits: false }];
    });
}
