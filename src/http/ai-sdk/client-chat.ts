/**
 * The chat that a client means by its id: one of ours, or the one that its caller, and nobody else, knows by a name that
 * the client has made up. Rules HT133, HT139.
 */
import { newSessionId } from "../../base/id.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { DirectoryEntry, SessionOwner } from "../../session/directory/directory.ts";
import { parseSessionId } from "../../session/directory/session-id.ts";
import { UNTITLED } from "../../session/title.ts";
import type { Services } from "../services.ts";

type Deps = Pick<Services, "chatObject" | "clock" | "directory" | "idSource">;

/** Five a second for a minute: far above what people open, and a bound on what a loop can leave behind. */
const MAX_NEW_CHATS = 300;
export const NEW_CHATS_WITHIN_MS = 60_000;

/** Null when the owner has no such chat (yet). */
export function findClientChat(
  { directory }: Pick<Deps, "directory">,
  owner: SessionOwner,
  id: string,
): Promise<DirectoryEntry | null> {
  const sessionId = parseSessionId(id);
  return sessionId === null ? directory.findByClientChatId(owner, id) : directory.read(owner, sessionId);
}

/** As often as it is asked for at once, it is made once. An id of our form is never made. */
export async function makeClientChat(
  deps: Deps,
  { userId, organizationId }: SessionOwner,
  clientChatId: string,
): Promise<Result<DirectoryEntry, "no-such-chat" | "too-many-chats">> {
  if (parseSessionId(clientChatId) !== null) return fail("no-such-chat");
  const { chatObject, clock, directory, idSource } = deps;
  const owner = { userId, organizationId };
  const createdAtMs = clock.nowMs();
  const made = await directory.countMadeSince(owner, createdAtMs - NEW_CHATS_WITHIN_MS, MAX_NEW_CHATS);
  if (made >= MAX_NEW_CHATS) return fail("too-many-chats");
  const chat = { ...owner, title: UNTITLED };
  const id = newSessionId(idSource);
  // The object first: a chat that is listed must be there.
  await chatObject(id).create({ ...chat, sessionId: id });
  const entry = await directory.createForClient({ ...chat, id, createdAtMs, clientChatId });
  if (entry !== null) return succeed(entry);
  // Somebody was quicker: theirs is the chat, ours was never seen.
  await chatObject(id).deleteAll();
  const theirs = await directory.findByClientChatId(owner, clientChatId);
  return theirs === null ? fail("no-such-chat") : succeed(theirs);
}
