/** Finds the chat that a request names, for its owner alone. Rule HT16. */
import type { SessionId } from "../base/id.ts";
import type { DirectoryEntry } from "../session/directory/directory.ts";
import { parseSessionId } from "../session/directory/session-id.ts";
import { readPrincipal, type AppContext } from "./app-env.ts";
import { refuse } from "./respond.ts";
import type { Services } from "./services.ts";

export function readSessionId(context: AppContext): SessionId | null {
  return parseSessionId(context.req.param("sessionId") ?? "");
}

export async function findOwn(services: Services, context: AppContext): Promise<DirectoryEntry | null> {
  const id = readSessionId(context);
  return id === null ? null : services.directory.read(readPrincipal(context), id);
}

/** One answer for a chat that does not exist and for one that is somebody else's. */
export function refuseUnknown(context: AppContext): Response {
  return refuse(context, "not-found", "There is no such chat.");
}
