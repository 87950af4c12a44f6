/** Global setup of the `workers` project, in Node: the stand-in providers that the Worker under test calls over TCP. */
import type { TestProject } from "vitest/node";
import { startSandbox } from "../sandbox/server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the stand-ins listen, without a slash at its end. */
    sandboxUrl: string;
  }
}

/** Slow enough that an answer of some hundred words can be caught in the middle, fast enough not to be waited for. */
const PACE_MS = 1;

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await startSandbox({ port: 0, paceMs: PACE_MS });
  project.provide("sandboxUrl", sandbox.url);
  return () => sandbox.close();
}
