/** What runs by the clock: schedule → job, a line each. */
import type { Bindings } from "./env.ts";
import { openWiring } from "./wiring.ts";

/** By cron expression, as wrangler.jsonc names them. */
export const JOBS: Readonly<Record<string, (env: Bindings) => Promise<void>>> = {
  "* * * * *": healProbes,
};

/** A chain of alarms can die silently; a look from outside every minute starts it again. Rule CB18. */
async function healProbes(env: Bindings): Promise<void> {
  const { catalog, health, log } = openWiring(env);
  const results = await Promise.allSettled(
    catalog.providers.map((provider) => health(provider).ensureProbing(provider)),
  );
  for (const result of results) {
    if (result.status === "rejected") {
      log.write("error", "background_failed", { task: "heal-probes", error: String(result.reason) });
    }
  }
}
