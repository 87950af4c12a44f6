/** What one socket alone is told. */
import type { LiveServerFrame } from "../../protocol/session-frame.ts";
import type { ChatSocket } from "../turn/live-turn.ts";
import type { FrameRefusal } from "./read-frame.ts";

export function sendFrame(socket: ChatSocket, frame: LiveServerFrame): void {
  socket.send(JSON.stringify(frame));
}

/** A sentence for whoever asked for what cannot be. */
export function refuse(socket: ChatSocket, requestId: string, errorText: string): void {
  sendFrame(socket, { type: "error", requestId, errorText });
}

/** To a frame that cannot be taken: words where they can be told apart from those to others, else the socket's end. */
export function refuseFrame(socket: ChatSocket, refusal: FrameRefusal): void {
  if ("requestId" in refusal) refuse(socket, refusal.requestId, refusal.reason);
  else socket.close(refusal.code, refusal.reason);
}
