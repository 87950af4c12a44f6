/**
 * One line for each step of a command, with a mark and the seconds it took. On a terminal the running step is shown
 * too; in a pipe only finished lines appear. Plain JavaScript: it runs before anything is installed.
 */

/** Steps shorter than this show no time: it would say nothing. */
const SHOWN_FROM_SECONDS = 0.1;

/**
 * @typedef {object} Progress
 * @property {(title: string, work: () => Promise<string | void>) => Promise<void>} step Runs `work` and prints its
 *   line; a string that it returns is added in brackets. A rejection prints a cross and is passed on.
 * @property {(text: string) => void} line Prints a line as it is.
 */

/**
 * @param {{ isTTY?: boolean, write(text: string): unknown }} output
 * @param {() => number} nowMs
 * @returns {Progress}
 */
export function createProgress(output, nowMs) {
  /** Titles under way, oldest first; only the newest is shown. @type {string[]} */
  const running = [];
  const clear = () => void (output.isTTY && running.length > 0 && output.write("\r\u001b[2K"));
  const showRunning = () => {
    const title = running.at(-1);
    if (output.isTTY && title !== undefined) output.write(`  … ${title}`);
  };
  /** @param {string} text */
  const line = (text) => {
    clear();
    output.write(`${text}\n`);
    showRunning();
  };
  /** @type {Progress["step"]} */
  const step = async (title, work) => {
    const startedMs = nowMs();
    clear();
    running.push(title);
    showRunning();
    /** @param {string} mark @param {string} note */
    const finish = (mark, note) => {
      clear();
      running.splice(running.indexOf(title), 1);
      output.write(`  ${mark} ${title}${note}${formatSeconds(nowMs() - startedMs)}\n`);
      showRunning();
    };
    try {
      const note = await work();
      finish("✓", typeof note === "string" ? ` (${note})` : "");
    } catch (error) {
      finish("✗", "");
      throw error;
    }
  };
  return { step, line };
}

/** @param {number} durationMs */
function formatSeconds(durationMs) {
  const seconds = durationMs / 1000;
  return seconds < SHOWN_FROM_SECONDS ? "" : `  ${seconds.toFixed(1)} s`;
}
