/**
 * What an MCP server of the older generation means by an HTTP error: that it has forgotten the session, or that it does
 * not take this call. Told apart by its words, since many servers say 400 for both. Pure. Rules TL26, TL40.
 */
import { z } from "zod";
import { parseJson } from "../../base/parse-json.ts";

const INVALID_PARAMS = -32_602;

const Refusal = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  error: z.object({ code: z.number(), message: z.string() }),
});

/** "No valid session ID provided", "Unknown Mcp-Session-Id header", "Session expired", "Server not initialized", … */
const NO_SESSION =
  /\b(?:no|not|bad|invalid|unknown|expired|missing|valid) (?:mcp[- ])?session\b|\bsession(?:[- ]id)?\b.{0,30}\b(?:not found|unknown|invalid|expired|terminated|closed|missing|required|no longer|does not exist|doesn't exist)\b|\bnot initialized\b/i;

/** An error page may be long, and what a session's error says is short. */
const MAX_CHARACTERS = 2_000;

export interface HttpRefusal {
  readonly status: number;
  /** What came with it. */
  readonly text: string;
}

/** The server has forgotten the session, so it has done nothing: the call may be made in a new one. */
export function isForgottenSession({ status, text }: HttpRefusal): boolean {
  if (status === 404) return true;
  if (status !== 400) return false;
  const refusal = readRefusal(text);
  // Whoever names the request, or its arguments, has found the session to which it belongs.
  if (typeof refusal?.id === "number" || refusal?.error.code === INVALID_PARAMS) return false;
  return NO_SESSION.test((refusal?.error.message ?? text).slice(0, MAX_CHARACTERS));
}

/** Why the call was not taken, in the server's words; null where it gives none in the protocol's form. */
export function readRefusalReason({ status, text }: HttpRefusal): string | null {
  return status === 400 || status === 422 ? (readRefusal(text)?.error.message ?? null) : null;
}

function readRefusal(text: string): z.infer<typeof Refusal> | null {
  const json = parseJson(text);
  // Otherwise it is a proxy's page, or plain words.
  return json.ok ? (Refusal.safeParse(json.value).data ?? null) : null;
}
