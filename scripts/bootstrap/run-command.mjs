/** Runs one command to its end and keeps what it said, so that details are shown only when it fails. */
import { spawn } from "node:child_process";

/** The last part of a failed command's output that is shown: enough for a compiler's or npm's complaint. */
const SHOWN_CHARACTERS = 6000;

/** A command that failed, with its output. The message is ready to be printed. */
export class CommandError extends Error {
  /** @param {string} command @param {number | string} code @param {string} output */
  constructor(command, code, output) {
    super(`${command} ended with ${code}\n${output.slice(-SHOWN_CHARACTERS)}`);
    this.name = "CommandError";
  }
}

/**
 * Resolves to everything the command printed; rejects with a CommandError when it ends with another code than 0.
 * @param {string} command
 * @param {readonly string[]} parameters
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>}
 */
export function runCommand(command, parameters, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    // Whoever stops us in the middle stops the command too.
    const end = () => void child.kill();
    process.once("exit", end);
    let output = "";
    /** @param {Buffer} chunk */
    const keep = (chunk) => void (output += chunk.toString("utf8"));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => reject(new CommandError(command, error.message, output)));
    child.once("close", (code, signal) => {
      process.off("exit", end);
      if (code === 0) resolve(output);
      else
        reject(
          new CommandError([command, ...parameters].join(" "), code ?? signal ?? "an unknown state", output),
        );
    });
  });
}
