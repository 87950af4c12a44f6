/**
 * What an operator may read of an error. Drizzle puts the bound values into its message, and ours are password
 * hashes, sign-in tokens and people's words: only the statement and the database's own complaint are kept.
 */
import { DrizzleQueryError } from "drizzle-orm/errors";

/** Longer complaints are cut: a log line has a limit of its own. */
const MAX_CHARACTERS = 1_000;

/** A sentence for the log, at most 1,000 characters, without bound values. */
export function describeError(error: unknown): string {
  return describe(error).slice(0, MAX_CHARACTERS);
}

/** The stack without its first lines where those repeat a message with bound values; null when there is none. */
export function describeStack(error: unknown): string | null {
  if (!(error instanceof Error) || error.stack === undefined) return null;
  return error.stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

function describe(error: unknown): string {
  if (error instanceof DrizzleQueryError) return `${describe(error.cause)} in: ${error.query}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
