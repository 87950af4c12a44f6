/** The format of a chat's id, checked before an object is touched: any text names an object, and each costs storage. */
import type { SessionId } from "../../base/id.ts";

const SESSION_ID_SHAPE = /^chat_[0-9a-hjkmnp-tv-z]{26}$/;

/** Reads a chat's id from a path. Null when it cannot be one. */
export function parseSessionId(text: string): SessionId | null {
  return isSessionId(text) ? text : null;
}

function isSessionId(text: string): text is SessionId {
  return SESSION_ID_SHAPE.test(text);
}
