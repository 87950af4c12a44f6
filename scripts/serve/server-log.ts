/** `<state>/server.log`: the Worker's JSON lines and wrangler's messages, in one file of bounded size. */
import { createWriteStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { createLineSorter } from "./worker-log.ts";

/** A log larger than this is put aside at the next start; two of them are the most a state holds. */
const ROTATE_BYTES = 20 * 1024 * 1024;

/** What a failed start shows of it. */
const TAIL_LINES = 30;

export interface ServerLog {
  readonly path: string;
  /** Keeps a line that `wrangler dev` printed; shows it when a person should see it. */
  readonly add: (line: string) => void;
  /** The last lines, for a start that failed. */
  tail(): string;
}

/** `show` gets the lines that belong on the terminal. */
export async function openServerLog(stateFolder: string, show: (line: string) => void): Promise<ServerLog> {
  const path = join(stateFolder, "server.log");
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > ROTATE_BYTES) await rename(path, `${path}.1`);
  const file = createWriteStream(path, { flags: "a", mode: 0o600 });
  file.on("error", (error) => show(`server.log cannot be written: ${error.message}`));
  const sort = createLineSorter();
  const recent: string[] = [];
  return {
    path,
    add: (line) => {
      const { text, shown } = sort(line);
      if (text === "") return;
      file.write(`${text}\n`);
      recent.push(text);
      if (recent.length > TAIL_LINES) recent.shift();
      if (shown) show(text);
    },
    tail: () => recent.join("\n"),
  };
}
