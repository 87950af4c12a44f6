/** The options of `npm start`, and the questions that are asked before any work is done. */
import { createServer } from "node:net";
import { parseArgs } from "node:util";

export const START_USAGE = `Usage: npm start [-- --port 8787 --state .breakwater --no-sandbox]

  --port N       the port on 127.0.0.1 (default 8787)
  --state DIR    where local data, secrets and logs are kept (default .breakwater)
  --no-sandbox   do not start the sandbox providers, even without real keys
  --help         this text`;

const DEFAULT_PORT = 8787;
const LARGEST_PORT = 65_535;

/** @typedef {{ port: number, state: string, sandbox: boolean }} StartOptions */

/**
 * @param {readonly string[]} parameters
 * @returns {{ ok: true, value: StartOptions } | { ok: false, error: string } | { ok: true, value: "help" }}
 */
export function parseStartOptions(parameters) {
  try {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        port: { type: "string" },
        state: { type: "string" },
        "no-sandbox": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      strict: true,
      allowPositionals: false,
    });
    if (values.help) return { ok: true, value: "help" };
    const portText = values.port ?? String(DEFAULT_PORT);
    const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
    if (port < 1 || port > LARGEST_PORT) {
      return { ok: false, error: `--port takes a number from 1 to ${LARGEST_PORT}, not "${portText}"` };
    }
    const state = values.state ?? ".breakwater";
    if (state.trim() === "") return { ok: false, error: "--state takes the name of a folder" };
    return { ok: true, value: { port, state, sandbox: values["no-sandbox"] !== true } };
  } catch (error) {
    return {
      ok: false,
      error: error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error),
    };
  }
}

/**
 * Resolves to null when the port can be had on 127.0.0.1, else to one sentence for a person.
 * @param {number} port @returns {Promise<string | null>}
 */
export function explainTakenPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      const code = "code" in error ? error.code : undefined;
      const other = port < LARGEST_PORT ? port + 1 : port - 1;
      if (code === "EADDRINUSE") {
        resolve(
          `Port ${port} is already in use. Stop what uses it, or take another: npm start -- --port ${other}`,
        );
      } else resolve(`Port ${port} cannot be used (${String(code)}). Take another: npm start -- --port 8787`);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(null)));
  });
}
