/**
 * The id of a response that is kept: its chat and its message, both of which nobody can guess, so that it is found without
 * a table of its own. Whose chat it is, is looked up all the same. Pure. Rule HT111.
 */
import type { SessionId } from "../../../base/id.ts";
import { parseSessionId } from "../../../session/directory/session-id.ts";

const SHAPE = /^resp_(?<chat>[0-9a-z]{26})(?<message>[0-9a-z]{26})$/u;

export interface KeptResponse {
  readonly sessionId: SessionId;
  readonly messageId: string;
}

export function toResponseId({ sessionId, messageId }: KeptResponse): string {
  return `resp_${toBody(sessionId)}${toBody(messageId)}`;
}

/** Null for the id of a response that was not kept, and for anything else. */
export function parseResponseId(id: string): KeptResponse | null {
  const { chat, message } = SHAPE.exec(id)?.groups ?? {};
  const sessionId = chat === undefined ? null : parseSessionId(`chat_${chat}`);
  return sessionId === null || message === undefined ? null : { sessionId, messageId: `msg_${message}` };
}

/** Ids of its output items: the same whenever it is read. */
export function createItemIds(messageId: string): (prefix: string) => string {
  let count = 0;
  return (prefix) => {
    count += 1;
    return `${prefix}_${toBody(messageId)}${count}`;
  };
}

const toBody = (id: string): string => id.slice(id.indexOf("_") + 1);
