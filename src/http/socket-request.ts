/** Socket upgrades on their way to an object and back: what is let through, what the object is told, what it answers. */
import { PRINCIPAL_HEADER, toObjectPrincipal } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import type { AppContext } from "./app-env.ts";
import { refuse } from "./respond.ts";

/** Ours alone to write: an object believes what stands in them. */
const INTERNAL_PREFIX = "x-breakwater-";
/** An object has no use for credentials, so it never sees them. */
const CREDENTIALS: readonly string[] = ["authorization", "cookie", "x-api-key"];

export function isSocketUpgrade(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * The request to hand to an object: the upgrade's own headers, without credentials, without the query, without
 * whatever the client wrote into headers of ours, and with those given here.
 */
export function toObjectRequest(
  request: Request,
  requestId: string,
  internal: Readonly<Record<string, string>>,
): Request {
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    if (!name.startsWith(INTERNAL_PREFIX) && !CREDENTIALS.includes(name)) headers.append(name, value);
  }
  headers.set("x-request-id", requestId);
  for (const [name, value] of Object.entries(internal)) headers.set(name, value);
  const url = new URL(request.url);
  url.search = "";
  return new Request(url, { method: "GET", headers });
}

/** The principal as the object reads it. */
export function toPrincipalHeader(principal: Principal): Readonly<Record<string, string>> {
  return { [PRINCIPAL_HEADER]: JSON.stringify(toObjectPrincipal(principal)) };
}

/** The object's socket; of a refusal, which is a word of plain text, what other routes make of it. */
export async function toSocketAnswer(context: AppContext, answer: Response): Promise<Response> {
  // A socket's own answer has 101, and cannot be copied without its socket.
  if (answer.status < 400) return answer;
  return refuse(context, answer.status === 404 ? "not-found" : "unavailable", await answer.text());
}
