/**
 * Loaded with `--import` into the processes that `npm start` starts: when the channel to the parent closes, the
 * parent is gone (killed, crashed), and this process ends with everything below it.
 */
import { endProcessTree } from "./process-tree.ts";

process.once("disconnect", () => {
  // The process does not end by its own SIGTERM before it has done so in its own way, hence a promise for ever.
  void endProcessTree(process.pid, new Promise(() => {}));
});
process.channel?.unref();
