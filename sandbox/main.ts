/** `node sandbox/main.ts --port 9800 [--delay-ms 25]`: the sandbox as a process of its own. */
import { parseArgs } from "node:util";
import { z } from "zod";
import { startSandbox } from "./server.ts";

/** Forty pieces a second read like a quick model and leave time to press stop. */
const DEFAULT_PACE_MS = "25";

const Options = z.object({
  port: z.coerce.number().int().min(0).max(65_535),
  "delay-ms": z.coerce.number().int().min(0).max(60_000),
});

function readOptions(): z.infer<typeof Options> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "9800" },
      "delay-ms": { type: "string", default: DEFAULT_PACE_MS },
    },
  });
  return Options.parse(values);
}

async function main(): Promise<void> {
  const options = readOptions();
  const sandbox = await startSandbox({ port: options.port, paceMs: options["delay-ms"] });
  process.stdout.write(`sandbox providers ready: ${sandbox.url}\n`);
  const stop = (): void => {
    void sandbox.close().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

main().catch((error: unknown) => {
  const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const message =
    error instanceof z.ZodError
      ? z.prettifyError(error)
      : error instanceof Error
        ? error.message
        : String(error);
  process.stderr.write(
    isTaken
      ? "the sandbox's port is taken: choose another with --port\n"
      : `the sandbox could not start: ${message}\n`,
  );
  process.exit(1);
});
