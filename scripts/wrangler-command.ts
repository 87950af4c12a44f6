/** How our scripts call wrangler: quiet, without questions, without calls home, on this Node. */
import { join } from "node:path";

/** wrangler's own program; its bin file would only start it in one more process. */
export function toWranglerScript(root: string): string {
  return join(root, "node_modules", "wrangler", "wrangler-dist", "cli.js");
}

/** The environment of every wrangler command of ours. `logFolder` takes the debug logs it would put in the home folder. */
export function toWranglerEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  logFolder: string,
): Record<string, string | undefined> {
  return {
    ...base,
    CI: "1",
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_LOG_PATH: logFolder,
  };
}

/** Local commands moreover ask nobody for request metadata and keep to themselves what runs on this machine. */
export function toLocalWranglerEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  stateFolder: string,
): Record<string, string | undefined> {
  return {
    ...toWranglerEnvironment(base, join(stateFolder, "wrangler-logs")),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    // Wrangler's database browser and trace store: not ours, and a door we do not want.
    X_LOCAL_EXPLORER: "false",
    X_LOCAL_OBSERVABILITY: "false",
    // Without its own registry, two starts on one machine would see each other's Workers.
    WRANGLER_REGISTRY_PATH: join(stateFolder, "registry"),
  };
}
