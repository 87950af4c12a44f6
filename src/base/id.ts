/**
 * Identifiers: a prefix that names the kind, then 26 characters that cannot be guessed. The first ten carry the
 * time in milliseconds (Crockford base 32, so ids sort by age), the rest are 80 random bits.
 */

export type SessionId = string & { readonly __brand: "SessionId" };
export type TurnId = string & { readonly __brand: "TurnId" };
export type MessageId = string & { readonly __brand: "MessageId" };
export type SelectionId = string & { readonly __brand: "SelectionId" };
export type RequestId = string & { readonly __brand: "RequestId" };
export type UserId = string & { readonly __brand: "UserId" };
export type OrganizationId = string & { readonly __brand: "OrganizationId" };
/** A provider's name as it stands before the slash of a pinned target: `openai`, `workers-ai`. */
export type ProviderId = string & { readonly __brand: "ProviderId" };

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_CHARACTERS = 10;
const RANDOM_BYTES = 16;

/** What an id is made of; the composition root passes `Date.now` and `crypto.getRandomValues`. */
export interface IdSource {
  nowMs(): number;
  randomBytes(length: number): Uint8Array;
}

function toIdBody(source: IdSource): string {
  let time = source.nowMs();
  let head = "";
  for (let index = 0; index < TIME_CHARACTERS; index += 1) {
    head = (ALPHABET[time % 32] ?? "0") + head;
    time = Math.floor(time / 32);
  }
  let tail = "";
  for (const byte of source.randomBytes(RANDOM_BYTES)) tail += ALPHABET[byte % 32] ?? "0";
  return head + tail;
}

export const newSessionId = (source: IdSource): SessionId => `chat_${toIdBody(source)}` as SessionId;
export const newTurnId = (source: IdSource): TurnId => `turn_${toIdBody(source)}` as TurnId;
export const newMessageId = (source: IdSource): MessageId => `msg_${toIdBody(source)}` as MessageId;
export const newSelectionId = (source: IdSource): SelectionId => `sel_${toIdBody(source)}` as SelectionId;
export const newRequestId = (source: IdSource): RequestId => `req_${toIdBody(source)}` as RequestId;
export const newOrganizationId = (source: IdSource): OrganizationId =>
  `org_${toIdBody(source)}` as OrganizationId;
/** An id nobody else has a type for: a ticket, a permit, an event. */
export const newId = (prefix: string, source: IdSource): string => `${prefix}_${toIdBody(source)}`;
