/**
 * The id of a response that is kept: its chat and its message, both of which nobody can guess, so that it is found without
 * a table of its own. Whose chat it is, is looked up all the same. And the ids of items, which lead to the response that
 * they are of. Pure. Rules HT111, HT197.
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

/** Ids of the output items of a response or of a chat's message: the same whenever it is read. */
export function createItemIds(ofId: string): (prefix: string) => string {
  let count = 0;
  return (prefix) => {
    count += 1;
    return `${prefix}_${toItemStem(ofId)}${count}`;
  };
}

/** What the ids of all items of that response or message have in common. */
export const toItemStem = (ofId: string): string => toBody(ofId);

const ITEM_SHAPE = /^(?:msg|rs|fc)_(?<stem>[0-9a-z]{26})[1-9][0-9]{0,4}$/u;

/** The same, of one of the items; null for what is no id of an item of ours. */
export function parseItemStem(itemId: string): string | null {
  return ITEM_SHAPE.exec(itemId)?.groups?.["stem"] ?? null;
}

const toBody = (id: string): string => id.slice(id.indexOf("_") + 1);
