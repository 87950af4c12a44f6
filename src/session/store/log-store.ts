/**
 * The rows of stream logs. A turn's log is appended to in place, since a written row is what costs; a new row is begun
 * when one has grown. PERSISTED. Rules SE50, SE51.
 */
import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import { chunk } from "../../../schema/chat-session.ts";
import type { StreamLogStore } from "../stream-log.ts";

/** Chunks of one turn are numbered below this; a 10,000-word answer has a few hundred. */
const MAX_CHUNKS_PER_TURN = 2 ** 24;
/** A row is written anew as a whole with each appending; the platform's own limit is 2 MB. */
const MAX_ROW_CHARACTERS = 128 * 1_024;

/** What every turn does, put into words once. */
export function prepareLogStatements(db: DrizzleSqliteDODatabase) {
  const at = sql.placeholder;
  return {
    dropBefore: db
      .delete(chunk)
      .where(lt(chunk.id, at("id")))
      .prepare(),
    insert: db
      .insert(chunk)
      .values({ id: at("id"), body: at("body") })
      .prepare(),
    append: db
      .update(chunk)
      .set({ body: sql`${chunk.body} || char(10) || ${at("body")}` })
      .where(eq(chunk.id, at("id")))
      .prepare(),
  };
}
export type LogStatements = ReturnType<typeof prepareLogStatements>;

/**
 * The log of the turn at that position; `isNew` says that nothing of it is stored, which saves looking. The first
 * chunks of a new one take the place of all earlier turns' logs: their messages are stored whole.
 */
export function openLogStore(
  db: DrizzleSqliteDODatabase,
  statements: LogStatements,
  turnPosition: number,
  isNew: boolean,
): StreamLogStore {
  const base = turnPosition * MAX_CHUNKS_PER_TURN;
  const mine = and(gte(chunk.id, base), lt(chunk.id, base + MAX_CHUNKS_PER_TURN));
  let last: { readonly id: number; characters: number } | null = null;
  return {
    append: (firstSequence, chunks) => {
      const body = chunks.join("\n");
      if (last === null && isNew) statements.dropBefore.run({ id: base });
      if (last === null || last.characters + body.length > MAX_ROW_CHARACTERS) {
        last = { id: base + firstSequence, characters: body.length };
        statements.insert.run({ id: last.id, body });
        return;
      }
      last.characters += body.length + 1;
      statements.append.run({ id: last.id, body });
    },
    readAll: () => {
      if (isNew) return [];
      const rows = db.select().from(chunk).where(mine).orderBy(asc(chunk.id)).all();
      const end = rows.at(-1);
      // A row of an array is not appended to: what was written before the update stays as it is.
      last = end === undefined || isArray(end.body) ? null : { id: end.id, characters: end.body.length };
      return rows.flatMap(({ body }) => toChunks(body));
    },
  };
}

function toChunks(body: string): string[] {
  if (!isArray(body)) return body.split("\n");
  return z
    .array(z.unknown())
    .parse(JSON.parse(body))
    .map((each) => JSON.stringify(each));
}

/** Chunks are objects: only a row from before lines begins with a bracket. */
function isArray(body: string): boolean {
  return body.startsWith("[");
}
