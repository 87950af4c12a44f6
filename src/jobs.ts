/** What runs by the clock: schedule → job, a line each. */
import { openDatabase } from "./auth/store/database.ts";
import { describeError } from "./auth/store/describe-error.ts";
import type { Bindings } from "./env.ts";
import { removeExpiredRows } from "./remove-expired-rows.ts";
import { openWiring } from "./wiring.ts";

/** By cron expression, as wrangler.jsonc names them. */
export const JOBS: Readonly<Record<string, (env: Bindings) => Promise<void>>> = {
  "* * * * *": async (env) => {
    await Promise.all([healProbes(env), removeExpired(env)]);
  },
};

/** A chain of alarms can die silently; a look from outside every minute starts it again, a region's by way of the world's object. Rules CB18, OP67. */
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

/** What was kept for a time that is over. What fails, or is left over, is done a minute later. Rules HT147, HT155, HT198, OP63. */
async function removeExpired(env: Bindings): Promise<void> {
  const { clock, log } = openWiring(env);
  try {
    await removeExpiredRows(openDatabase(env.DB), clock.nowMs());
  } catch (error) {
    log.write("error", "background_failed", { task: "remove-expired", error: describeError(error) });
  }
}
