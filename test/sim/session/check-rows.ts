/** What a chat writes: bounded by its turns and by how long they ran, whatever happened. Rule SM39. */
import type { StoredChat } from "./session-invariants.ts";
import type { SessionWorld } from "./session-world.ts";

/** A turn without its log: question, turn, answer, indexes, changes of state, session, outbox, title, summary, alarm. */
const ROWS_OF_TURN = 26;
const ROWS_OF_LIFE = 3;
/** As often as the stock wire is shown something. */
const SAVE_EVERY_MS = 250;

export function checkRows(world: SessionWorld, { turns }: StoredChat): string[] {
  const breaches: string[] = [];
  const { writtenRows } = world.storage;
  const ofLog = writtenRows.get("chunk") ?? 0;
  const ranMs = turns.reduce((sum, turn) => sum + Math.max(0, (turn.endedAtMs ?? 0) - turn.createdAtMs), 0);
  const lives = turns.reduce((sum, turn) => sum + turn.generation + 1, 0);
  // Written and dropped again.
  const mostOfLog = 2 * (ranMs / SAVE_EVERY_MS + 3 * lives);
  if (ofLog > mostOfLog)
    breaches.push(`[SM39] ${ofLog} rows of logs, at most ${Math.round(mostOfLog)} are allowed`);
  const rest = world.storage.totalWrittenRows - ofLog;
  const old = 4 * world.plan.oldMessages + 2 * world.plan.oldRecords + 60;
  const most = old + ROWS_OF_TURN * turns.length + ROWS_OF_LIFE * (world.object.lives + lives);
  if (rest > most) {
    breaches.push(
      `[SM39] ${rest} rows beside the logs for ${turns.length} turns, at most ${most} are allowed`,
    );
  }
  return breaches;
}
