/**
 * Playwright's global setup: one product for all end-to-end tests, on a new state. Tests find it through `baseURL`
 * and its credentials through `readCredentials(e2eStateFolder())`. A test that kills or restarts starts its own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProduct } from "./product.ts";
import { E2E_URL } from "./playwright.config.ts";

const STATE_VARIABLE = "BREAKWATER_E2E_STATE";

/** The state folder of the running product, in a test. */
export function e2eStateFolder(): string {
  const folder = process.env[STATE_VARIABLE];
  if (folder === undefined)
    throw new Error("the product was not started: run the tests with their configuration");
  return folder;
}

export default async function startForAll(): Promise<() => Promise<void>> {
  const stateFolder = await mkdtemp(join(tmpdir(), "breakwater-e2e-"));
  const product = await startProduct({ port: Number(new URL(E2E_URL).port), stateFolder });
  // Playwright's workers inherit it.
  process.env[STATE_VARIABLE] = stateFolder;
  return async () => {
    await product.stop();
    await rm(stateFolder, { recursive: true, force: true });
  };
}
