/** What one socket alone is told. */
import type { LiveServerFrame } from "../protocol/session-frame.ts";
import type { ChatSocket } from "./live-turn.ts";

export function sendFrame(socket: ChatSocket, frame: LiveServerFrame): void {
  socket.send(JSON.stringify(frame));
}

/** A sentence for whoever asked for what cannot be. */
export function refuse(socket: ChatSocket, requestId: string, errorText: string): void {
  sendFrame(socket, { type: "error", requestId, errorText });
}
