/** Makes what a provider said fit for a log: one line, short, without keys and without long quotes of a prompt. Rule PR47. */

/** The failure's own limit (failure.ts). */
const MAX_MESSAGE_CHARACTERS = 500;
/** Longer quotes in an error are somebody's text, not a parameter's name. */
const MAX_QUOTED_CHARACTERS = 80;

/** Shapes of the keys that providers hand out, also shortened and starred ones. */
const KEY_SHAPES = /\b(?:sk|pk|rk|gsk|xai|key|AIza|Bearer)[-_ ]?[A-Za-z0-9*_-]{12,}/g;
const QUOTES = /"([^"]*)"|'([^']*)'|`([^`]*)`/g;

/** Cleans a text of unknown origin. `secrets` are replaced wherever they stand, whatever they look like. */
export function toFailureMessage(text: string, secrets: readonly string[] = []): string {
  // Cut first: what follows is linear in the length, and an error page can be large.
  let clean = text.slice(0, MAX_MESSAGE_CHARACTERS * 4);
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, "[key]");
  clean = clean
    .replace(KEY_SHAPES, "[key]")
    .replace(QUOTES, (quoted: string) => (quoted.length > MAX_QUOTED_CHARACTERS ? '"…"' : quoted))
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return clean.length > MAX_MESSAGE_CHARACTERS ? `${clean.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…` : clean;
}

/** The message of something thrown, with the system's code where there is one (`fetch failed` says nothing). */
export function toThrownMessage(error: unknown, secrets: readonly string[] = []): string {
  if (!(error instanceof Error)) return toFailureMessage(String(error), secrets);
  const cause = error.cause instanceof Error ? error.cause : null;
  const code = cause !== null && "code" in cause && typeof cause.code === "string" ? ` ${cause.code}` : "";
  const reason = cause === null || cause.message === "" ? "" : `: ${cause.message}`;
  return toFailureMessage(`${error.message}${reason}${code}`, secrets);
}
