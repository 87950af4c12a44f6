/** A long-running process under `npm start`: its lines are read, its end is noticed, and it ends with us. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endProcessTree, MARK_NAME, newProcessMark } from "./process-tree.ts";

export interface ManagedProcess {
  /** Resolves with the exit code or the signal's name when the process has ended, asked for or not. */
  readonly ended: Promise<number | string>;
  /** Ends it and everything that came from it, within about five seconds. */
  stop(): Promise<void>;
}

export interface ProcessPlan {
  readonly script: string;
  readonly parameters: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

const EXIT_WITH_PARENT = fileURLToPath(new URL("exit-with-parent.ts", import.meta.url));

/**
 * Runs a script on this Node. The child stays in our process group, so that a signal to the group reaches it, and
 * holds a channel to us, so that it notices when we are killed alone.
 */
export function startManagedProcess(plan: ProcessPlan): ManagedProcess {
  const mark = newProcessMark();
  const child = spawn(process.execPath, ["--import", EXIT_WITH_PARENT, plan.script, ...plan.parameters], {
    cwd: plan.folder,
    env: { ...plan.environment, [MARK_NAME]: mark },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", plan.onLine);
  }
  const { promise: ended, resolve } = Promise.withResolvers<number | string>();
  child.once("error", (error) => resolve(error.message));
  child.once("exit", (code, signal) => resolve(code ?? signal ?? "an unknown state"));
  return {
    ended,
    stop: async () => {
      if (child.pid !== undefined) await endProcessTree(child.pid, mark, ended);
    },
  };
}
