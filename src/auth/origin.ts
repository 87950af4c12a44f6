/**
 * Which web pages may act with a visitor's cookie. A browser sends the cookie along whoever asks; the `Origin`
 * header says who asked. Requests that carry a key or a ticket need no such check: no browser adds those by itself.
 */

/** What is compared: the request's own origin as the platform saw it, and the configured ones, all exact. */
export interface OriginPolicy {
  readonly publicUrl: string;
  readonly allowedOrigins: readonly string[];
}

/** True when the page that made the request is ours or on the list. A missing or opaque origin is not. */
export function isAllowedOrigin(origin: string | null, requestUrl: string, policy: OriginPolicy): boolean {
  if (origin === null || origin === "null") return false;
  return toOwnOrigins(requestUrl, policy).includes(origin) || policy.allowedOrigins.includes(origin);
}

/** Our own origins for this request: where it arrived and where the product says it lives. */
export function toOwnOrigins(requestUrl: string, policy: OriginPolicy): readonly string[] {
  return [new URL(requestUrl).origin, new URL(policy.publicUrl).origin];
}
