/** The list of chats in D1 (schema/d1/chat.ts). */
import { and, desc, eq, gte, inArray, isNull, lt, lte, or, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import { chat } from "../../../schema/d1/chat.ts";
import { parsePageCursor, toPageCursor } from "../../analytics/page-cursor.ts";
import type { Database } from "../../auth/store/database.ts";
import type { SessionId } from "../../base/id.ts";
import { fail, succeed } from "../../base/result.ts";
import { UNTITLED } from "../title.ts";
import type { DirectoryEntry, SessionDirectory, SessionOwner } from "./directory.ts";
import { parseSessionId } from "./session-id.ts";

const columns = {
  id: chat.id,
  title: chat.title,
  createdAtMs: chat.createdAtMs,
  updatedAtMs: chat.updatedAtMs,
};

const liveAndOwnedBy = (owner: SessionOwner) =>
  and(eq(chat.userId, owner.userId), eq(chat.organizationId, owner.organizationId), isNull(chat.deletedAtMs));

interface Row {
  readonly id: string;
  readonly title: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

function toEntry(row: Row): DirectoryEntry {
  const id: SessionId | null = parseSessionId(row.id);
  if (id === null) throw new Error(`a stored chat has an id of another form: ${row.id}`);
  return { ...row, id };
}

const toEntryOrNull = (row: Row | undefined): DirectoryEntry | null =>
  row === undefined ? null : toEntry(row);

/** Not by LIKE, whose patterns have 50 bytes in D1: a longer one is an error as soon as there is a chat to compare. */
const hasInTitle = (query: string): SQL => sql`instr(lower(${chat.title}), lower(${query})) > 0`;

export function createSessionDirectory(database: Database): SessionDirectory {
  return {
    async create({ id, title, createdAtMs, userId, organizationId }) {
      const row = { id, title, createdAtMs, updatedAtMs: createdAtMs };
      await database.insert(chat).values({ ...row, userId, organizationId });
      return row;
    },
    list: (owner, page) => listPage(database, owner, page),
    ...createClientNames(database),
    async read(owner, id) {
      const rows = await database
        .select(columns)
        .from(chat)
        .where(and(eq(chat.id, id), liveAndOwnedBy(owner)))
        .limit(1);
      return toEntryOrNull(rows[0]);
    },
    async rename(owner, id, title) {
      const rows = await database
        .update(chat)
        .set({ title })
        .where(and(eq(chat.id, id), liveAndOwnedBy(owner)))
        .returning(columns);
      return toEntryOrNull(rows[0]);
    },
    async nameUntitled(id, title, replacedTitle = null) {
      await database
        .update(chat)
        .set({ title })
        .where(and(eq(chat.id, id), inArray(chat.title, [UNTITLED, replacedTitle ?? UNTITLED])));
    },
    async markDeleted(owner, id, atMs) {
      const rows = await database
        .update(chat)
        .set({ deletedAtMs: atMs })
        .where(and(eq(chat.id, id), liveAndOwnedBy(owner)))
        .returning({ id: chat.id });
      return rows.length > 0;
    },
    async exists(id) {
      const rows = await database
        .select({ id: chat.id })
        .from(chat)
        .where(and(eq(chat.id, id), isNull(chat.deletedAtMs)))
        .limit(1);
      return rows.length > 0;
    },
  };
}

/** Chats under a name that a client has made up. */
function createClientNames(
  database: Database,
): Pick<SessionDirectory, "findByClientChatId" | "createForClient" | "countMadeSince"> {
  return {
    async findByClientChatId(owner, clientChatId) {
      const rows = await database
        .select(columns)
        .from(chat)
        .where(and(liveAndOwnedBy(owner), eq(chat.clientChatId, clientChatId)))
        .limit(1);
      return toEntryOrNull(rows[0]);
    },
    async createForClient({ createdAtMs, ...entry }) {
      const rows = await database
        .insert(chat)
        .values({ ...entry, createdAtMs, updatedAtMs: createdAtMs })
        .onConflictDoNothing()
        .returning(columns);
      return toEntryOrNull(rows[0]);
    },
    async countMadeSince(owner, sinceMs, limit) {
      // Whatever was made since then was changed since then: the side bar's index finds it.
      const rows = await database
        .select({ id: chat.id })
        .from(chat)
        .where(and(liveAndOwnedBy(owner), gte(chat.updatedAtMs, sinceMs), gte(chat.createdAtMs, sinceMs)))
        .limit(limit);
      return rows.length;
    },
  };
}

async function listPage(
  database: Database,
  owner: SessionOwner,
  { limit, cursor, query }: Parameters<SessionDirectory["list"]>[1],
): ReturnType<SessionDirectory["list"]> {
  const after = cursor === undefined ? null : parsePageCursor(cursor);
  if (after !== null && !after.ok) return fail(after.error);
  const beyond =
    after === null
      ? undefined
      : and(
          // This alone tells SQLite where in the index to begin: it would walk there from the newest for the others.
          lte(chat.updatedAtMs, after.value.atMs),
          or(lt(chat.updatedAtMs, after.value.atMs), lt(chat.id, after.value.id)),
        );
  const matching = query === undefined || query === "" ? undefined : hasInTitle(query);
  const rows = await database
    .select(columns)
    .from(chat)
    .where(and(liveAndOwnedBy(owner), beyond, matching))
    .orderBy(desc(chat.updatedAtMs), desc(chat.id))
    // One more than asked for tells whether there is a next page.
    .limit(limit + 1);
  const entries = rows.slice(0, limit).map(toEntry);
  const last = rows.length > limit ? entries.at(-1) : undefined;
  return succeed({
    entries,
    nextCursor: last === undefined ? null : toPageCursor({ atMs: last.updatedAtMs, id: last.id }),
  });
}
