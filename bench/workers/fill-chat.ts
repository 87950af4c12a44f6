/**
 * Makes a chat long: its newest question, answer and turn are copied, one below the other, until it has so many messages.
 * Rows are copied whole, as the schema has them, so that they follow it; only ids and places are new.
 */
import { count, desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/durable-sqlite";
import * as tables from "../../schema/chat-session.ts";

/** The chat has one answered question at least. */
export function fillChat(storage: DurableObjectStorage, messages: number): void {
  const db = drizzle(storage);
  const [answer, question] = db
    .select()
    .from(tables.message)
    .orderBy(desc(tables.message.position))
    .limit(2)
    .all();
  const turn = db.select().from(tables.turn).orderBy(desc(tables.turn.position)).limit(1).get();
  if (answer === undefined || question === undefined || turn === undefined) {
    throw new Error("there is nothing to copy: the chat has no answered question");
  }
  let above = answer.messageId;
  for (let there = countMessages(storage); there + 2 <= messages; there += 2) {
    const asked = crypto.randomUUID();
    const answered = crypto.randomUUID();
    db.insert(tables.message)
      .values(toCopy(question, asked, above))
      .run();
    db.insert(tables.message)
      .values(toCopy(answer, answered, asked))
      .run();
    const { position: _position, ...copied } = turn;
    const ids = { turnId: crypto.randomUUID(), requestId: crypto.randomUUID(), selectionId: answered };
    db.insert(tables.turn)
      .values({ ...copied, ...ids, messageId: answered, parentId: asked })
      .run();
    above = answered;
  }
  db.update(tables.session).set({ leafMessageId: above }).where(eq(tables.session.id, 1)).run();
}

export function countMessages(storage: DurableObjectStorage): number {
  return drizzle(storage).select({ messages: count() }).from(tables.message).get()?.messages ?? 0;
}

function toCopy(
  row: typeof tables.message.$inferSelect,
  messageId: string,
  parentId: string,
): typeof tables.message.$inferInsert {
  const { position: _position, ...copied } = row;
  return { ...copied, messageId, parentId };
}
