/** The chat's migrations as its object imports them, read from the same files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const FOLDER = join(import.meta.dirname, "../../../drizzle/chat-session");

const Journal = z.object({
  entries: z.array(
    z.object({ idx: z.number(), when: z.number(), tag: z.string(), breakpoints: z.boolean() }),
  ),
});

export interface ChatMigrations {
  readonly journal: z.infer<typeof Journal>;
  readonly migrations: Record<string, string>;
}

let read: ChatMigrations | null = null;

export function readChatMigrations(): ChatMigrations {
  if (read !== null) return read;
  const journal = Journal.parse(JSON.parse(readFileSync(join(FOLDER, "meta/_journal.json"), "utf8")));
  const migrations = Object.fromEntries(
    journal.entries.map(({ idx, tag }) => [
      `m${String(idx).padStart(4, "0")}`,
      readFileSync(join(FOLDER, `${tag}.sql`), "utf8"),
    ]),
  );
  read = { journal, migrations };
  return read;
}
