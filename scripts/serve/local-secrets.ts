/** The secrets of a local state: made once, kept in `<state>/secrets.json` (mode 600), never used when deployed. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { readTextOrNull, writePrivateFile } from "./private-file.ts";

const LocalSecrets = z.object({
  authSecret: z.string().min(32),
  adminPassword: z.string().min(10),
  /** Reserved for the embedded widget; nothing checks it yet. */
  siteKey: z.string().startsWith("site_"),
});
export type LocalSecrets = z.infer<typeof LocalSecrets>;

/** Reads the state's secrets, or makes them. Throws with a plain sentence when the file is not what we wrote. */
export async function loadLocalSecrets(stateFolder: string): Promise<LocalSecrets> {
  const path = join(stateFolder, "secrets.json");
  const text = await readTextOrNull(path);
  if (text !== null) return parseLocalSecrets(text, path);
  const secrets: LocalSecrets = {
    authSecret: randomBytes(32).toString("base64url"),
    adminPassword: randomBytes(12).toString("base64url"),
    siteKey: `site_${randomBytes(16).toString("hex")}`,
  };
  await writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

function parseLocalSecrets(text: string, path: string): LocalSecrets {
  try {
    return LocalSecrets.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is broken. Put it back, or delete the state folder to begin anew.`);
  }
}
