/** Where to go after signing in. Only paths of this site: a link in a mail must not lead elsewhere. Pure. */

/** The sign-in page that comes back to `path`. */
export function toSignInPath(path: string): string {
  return path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`;
}

/** The path in `?next=`, or the start page when there is none or it leads away. */
export function toNextPath(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  // A second slash or a backslash would make it another host's address.
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-") ? next : "/";
}
