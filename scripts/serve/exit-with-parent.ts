/**
 * Loaded with `--import` into the processes that `npm start` starts: when the channel to the parent closes, the
 * parent is gone (killed, crashed), and this process ends with everything below it.
 */
import { endProcessTree, MARK_NAME } from "./process-tree.ts";

const mark = process.env[MARK_NAME];

if (mark !== undefined && process.channel !== undefined) {
  // Nobody here can see its own end, hence a promise for ever.
  process.once("disconnect", () => void endProcessTree(process.pid, mark, new Promise(() => {})));
  // The channel alone must not keep a process alive.
  process.channel.unref();
}
