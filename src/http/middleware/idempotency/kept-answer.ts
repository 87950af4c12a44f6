/** Which keys there are, and which answers their repeats are given. Pure. Rules HT150, HT151, HT153, HT155. */
import { z } from "zod";
import { parseJson } from "../../../base/parse-json.ts";
import type { KeptCallAnswer } from "./store.ts";

/** What a client may send: printable ASCII, quoted as the IETF's draft has it or bare as Stripe's clients do. */
const KEY_SHAPE = /^[\x20-\x7e]{1,255}$/u;
/** D1 takes 2,000,000 bytes in a row; no answer of a model comes near the half of it. */
const MAX_BODY_BYTES = 1_000_000;

export function isIdempotencyKey(text: string): boolean {
  return KEY_SHAPE.test(text);
}

const Streamed = z.looseObject({ stream: z.literal(true) });

/** Every wire of model calls asks for a stream by this field. What is no JSON is for the door to refuse. */
export function asksForStream(body: string): boolean {
  const json = parseJson(body);
  return json.ok && Streamed.safeParse(json.value).success;
}

/**
 * True for an answer that its repeat is given. Others may be asked for again: those that came of a passing trouble, and
 * those that nobody was asked for, whose caller may correct the body under the same key.
 */
export function isWorthKeeping({ status, headers }: Pick<Response, "status" | "headers">): boolean {
  if (status === 200) return true;
  const isPassing = status >= 500 || status === 408 || status === 409 || status === 425 || status === 429;
  return !isPassing && Number(headers.get("x-breakwater-attempts") ?? 0) > 0;
}

const encoder = new TextEncoder();

/** What is kept of an answer: the headers that say something of it, not those of the connection or the moment. */
export function toKeptAnswer(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: string,
): { readonly answer: KeptCallAnswer; readonly bytes: number } {
  const told = [...headers].filter(([name]) => name === "content-type" || name.startsWith("x-breakwater-"));
  const bytes = encoder.encode(body).byteLength;
  const isKept = bytes <= MAX_BODY_BYTES;
  return {
    answer: { status, headers: Object.fromEntries(told), body: isKept ? body : null },
    bytes: isKept ? bytes : 0,
  };
}
