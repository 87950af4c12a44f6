/** Files of the local state that only their owner may read: secrets, credentials, the Worker's settings. */
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";

/** Makes the state folder, closed to other users of the machine. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Writes whole or not at all, mode 600: a killed start never leaves half a file. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  // The mode above counts only for a new file.
  await chmod(draft, 0o600);
  await rename(draft, path);
}

/** The file's text, or null when there is none. */
export async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
