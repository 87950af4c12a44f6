/** What seeding leaves behind in `<state>/seed.json` (mode 600): the local admin and the API key, shown only once. */
import { join } from "node:path";
import { z } from "zod";
import { readTextOrNull, writePrivateFile } from "./private-file.ts";

export interface Admin {
  readonly email: string;
  readonly password: string;
}

/** A name that no mail server can have. */
export const LOCAL_ADMIN_EMAIL = "admin@breakwater.local";

const LocalSeed = z.object({ apiKey: z.string().min(1), email: z.string(), password: z.string() });

/** The API key made for this admin, or null when this state was not seeded for it. */
export async function readLocalSeed(stateFolder: string, admin: Admin): Promise<string | null> {
  const text = await readTextOrNull(join(stateFolder, "seed.json"));
  if (text === null) return null;
  const seed = LocalSeed.parse(JSON.parse(text));
  return seed.email === admin.email && seed.password === admin.password ? seed.apiKey : null;
}

export async function saveLocalSeed(stateFolder: string, admin: Admin, apiKey: string): Promise<void> {
  await writePrivateFile(
    join(stateFolder, "seed.json"),
    `${JSON.stringify({ apiKey, ...admin }, null, 2)}\n`,
  );
}
