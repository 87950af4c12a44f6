/**
 * The headers that tell a browser how little our pages need. The Worker puts them on every answer; the pages' files
 * are served without it, so web/public/_headers says the same (a test compares the two).
 */

/** Scripts only from our own files; styles inline too, since the component library sets them. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "strict-origin-when-cross-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "cross-origin-opener-policy": "same-origin",
};

/** Only over https: elsewhere browsers ignore it, and a developer's machine must not promise it. One year. */
export const STRICT_TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains";

/** The build puts a hash into these files' names, so that a name never gets another content. */
export const HASHED_FILES_PREFIX = "/assets/";
export const HASHED_FILES_CACHE = "public, max-age=31536000, immutable";
