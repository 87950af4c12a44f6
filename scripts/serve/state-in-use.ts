/** Two servers on one state would write the same SQLite files; this notices the other one. */
import { join } from "node:path";
import { z } from "zod";
import { readTextOrNull } from "./private-file.ts";

/** A server on this machine answers within this, or it is not one to wait for. */
const TIMEOUT_MS = 1000;

/** The address of a Breakwater that runs on this state, or null. A file left by a killed start does not count. */
export async function findServerOnState(stateFolder: string): Promise<string | null> {
  const text = await readTextOrNull(join(stateFolder, "running.json"));
  if (text === null) return null;
  const running = z.object({ url: z.string(), pid: z.int() }).parse(JSON.parse(text));
  try {
    process.kill(running.pid, 0);
    await fetch(`${running.url}/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return running.url;
  } catch {
    // No such process, or nothing listens there: that start is over.
    return null;
  }
}
