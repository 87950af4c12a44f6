/**
 * The rows of stream logs. A turn's log is appended to in place, since a written row is what costs; a new row is begun
 * when one has grown. PERSISTED. Rules SE50, SE51, SE112.
 */
import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import type { DrizzleSqliteDODatabase } from "drizzle-orm/durable-sqlite";
import { z } from "zod";
import { chunk } from "../../../schema/chat-session.ts";
import type { StreamLogStore } from "../log/stream-log.ts";

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

/** The row that is appended to. */
interface Place {
  readonly id: number;
  readonly characters: number;
}

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
  let last: Place | null = null;
  return {
    append: (firstSequence, chunks) => {
      const pieces = toPieces(chunks);
      const write = (): Place | null => {
        if (last === null && isNew) statements.dropBefore.run({ id: base });
        let place = last;
        let id = base + firstSequence;
        for (const piece of pieces) {
          place = writePiece(statements, place, id, piece.join("\n"));
          id += piece.length;
        }
        return place;
      };
      // One row is whole by itself; of several all are stored or none, so that they can be written again.
      last = pieces.length === 1 ? write() : db.transaction(write);
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

/** Chunks that fit into one row together; one that is larger than that has a row of its own. */
function toPieces(chunks: readonly string[]): string[][] {
  const pieces: string[][] = [];
  let characters = MAX_ROW_CHARACTERS;
  for (const chunk of chunks) {
    characters += chunk.length + 1;
    if (characters > MAX_ROW_CHARACTERS) {
      pieces.push([chunk]);
      characters = chunk.length;
    } else pieces.at(-1)?.push(chunk);
  }
  return pieces;
}

/** Behind the last row, or as a new one where that has grown; the place that is now the last comes back. */
function writePiece(statements: LogStatements, last: Place | null, id: number, body: string): Place {
  if (last === null || last.characters + body.length > MAX_ROW_CHARACTERS) {
    statements.insert.run({ id, body });
    return { id, characters: body.length };
  }
  statements.append.run({ id: last.id, body });
  return { id: last.id, characters: last.characters + body.length + 1 };
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
