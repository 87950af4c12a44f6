/** Finds the kept response that an id names, for its owner alone. Rules HT111, HT193. */
import { readPrincipal, type AppContext } from "../../app-env.ts";
import type { KeepDeps } from "./keep-response.ts";
import { parseResponseId, type KeptResponse } from "./response-id.ts";

/** Null for one that is not its caller's as for one that never was; whether the answer is there its chat knows. */
export async function findKept(
  { chats }: KeepDeps,
  context: AppContext,
  id: string,
): Promise<KeptResponse | null> {
  const kept = parseResponseId(id);
  if (kept === null) return null;
  const entry = await chats.directory.read(readPrincipal(context), kept.sessionId);
  return entry === null ? null : kept;
}

/** One answer for a response that was not kept, that is gone, and that is somebody else's. */
export function refuseUnkept(context: AppContext, id: string, param: string, code: string): Response {
  const message = `${param}: there is no kept response ${id.slice(0, 100)}. Only responses with store: true are kept.`;
  return context.json({ error: { message, type: "invalid_request_error", param, code } }, 404);
}
