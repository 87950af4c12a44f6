/** Tells the API's paths from the pages'. */

/** True for every path that answers programs: those never fall through to the web pages. */
export function isApiPath(path: string): boolean {
  return path === "/health" || path === "/openapi.json" || /^\/(?:api|v1)(?:\/|$)/.test(path);
}
