/** WIRE between the Worker and a chat's object: a question that comes over HTTP. */
import type { CallSettings } from "./call-settings.ts";
import type { SendFrame } from "./session-frame.ts";

/** A `send` that does not come over a socket: what its frame says besides the socket's own business. */
export type ChatQuestion = Pick<SendFrame, "requestId" | "trigger" | "messages" | "body"> &
  Partial<Pick<SendFrame, "messageId">> & {
    readonly settings?: CallSettings;
    /** The answer that the question follows, whatever branch is shown; left out: the newest one there. */
    readonly parentId?: string;
    /** The answer is told only as far as a tool waits for a person's word; the next question brings that word. */
    readonly bringsWords?: boolean;
  };
