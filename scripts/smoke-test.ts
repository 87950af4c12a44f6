/**
 * `node scripts/smoke-test.ts URL [ENVIRONMENT]`: is a deployed Breakwater alive? Health of both kinds, a closed door
 * without a key, the page with its script. A new version needs a moment to be everywhere, so it is asked again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { checkServer } from "./deploy/check-server.ts";

/** A deploy is everywhere within seconds; after half a minute it is broken. */
const TRIES = 6;
const PAUSE_MS = 5000;

const [url, environment] = process.argv.slice(2);

if (url === undefined || !URL.canParse(url)) {
  console.error("Usage: node scripts/smoke-test.ts URL [ENVIRONMENT]");
  process.exitCode = 1;
} else {
  const baseUrl = url.replace(/\/+$/, "");
  let findings = await checkServer(baseUrl, environment ?? null, fetch);
  for (let tried = 1; findings.length > 0 && tried < TRIES; tried += 1) {
    await sleep(PAUSE_MS);
    findings = await checkServer(baseUrl, environment ?? null, fetch);
  }
  for (const finding of findings) console.error(`✗ ${finding}`);
  if (findings.length === 0) console.log(`✓ ${baseUrl} is well.`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
