/** What a read-only link shows: what was said, and who said it; no prices, no reasons, no ids of ours. Pure. Rule SE86. */
import type { Receipt } from "../../protocol/answer.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";

export function toSharedMessages(messages: readonly StoredMessage[]): StoredMessage[] {
  return messages.map((message) => ({
    ...message,
    // Files are read by their owner alone; thoughts were not meant for others.
    parts: message.parts.filter(({ type }) => type !== "file" && type !== "reasoning"),
    metadata: message.metadata === null ? null : toSharedReceipt(message.metadata),
  }));
}

/** What failed is one of the reasons: it may tell of an account or a key. */
function toSharedReceipt({ failure: _failure, ...receipt }: Receipt): Receipt {
  return {
    ...receipt,
    turnId: "",
    selectionId: "",
    requested: [],
    legs: receipt.legs.map((leg) => ({ ...leg, costMicroUsd: null })),
    costMicroUsd: null,
    reasons: [],
  };
}
