/**
 * Counts what has arrived of each stream on one socket and says when the server must hear of it, so that a page that
 * keeps up is never thought to be stuck. Pure; a new socket begins with a new meter. Rule WB53.
 */
import { ACK_EVERY_BYTES } from "../../src/protocol/session-frame.ts";
import type { AckFrame, LiveServerFrame } from "../../src/protocol/session-frame.ts";

/** Bytes since the last word, by request id. */
export type AckMeter = Readonly<Record<string, number>>;

/** Counts a frame whose text had so many bytes; `ack` is to be sent, when there is one. */
export function countArrival(
  meter: AckMeter,
  frame: LiveServerFrame,
  bytes: number,
): { readonly meter: AckMeter; readonly ack: AckFrame | null } {
  if (frame.type !== "chunk") return { meter, ack: null };
  const { requestId, sequence } = frame;
  const countedBytes = (meter[requestId] ?? 0) + bytes;
  if (countedBytes < ACK_EVERY_BYTES) return { meter: { ...meter, [requestId]: countedBytes }, ack: null };
  return { meter: { ...meter, [requestId]: 0 }, ack: { type: "ack", requestId, sequence } };
}
