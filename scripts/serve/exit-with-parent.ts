/**
 * Loaded with `--import` into the processes that `npm start` starts: when the channel to the parent closes, the
 * parent is gone (killed, crashed), and this process ends with everything below it.
 */
import { endProcessTree, killProcessTree, MARK_NAME } from "./process-tree.ts";

const mark = process.env[MARK_NAME];

if (mark !== undefined && process.channel !== undefined) {
  process.once("disconnect", () => {
    // A process that does not handle SIGTERM would die of it at once and leave its children behind.
    const isGraceful = process.listenerCount("SIGTERM") > 0;
    // Nobody sees its own end, hence a promise for ever.
    if (isGraceful) void endProcessTree(process.pid, mark, new Promise(() => {}));
    else void killProcessTree(process.pid, mark);
  });
  // The channel alone must not keep a process alive.
  process.channel.unref();
}
