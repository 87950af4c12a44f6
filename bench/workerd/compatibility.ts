/** Under which date and flags of workerd everything that is measured runs: the product's own. */
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";

export interface Compatibility {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
}

/** What is read of wrangler.jsonc. */
const Config = z.object({ compatibility_date: z.string(), compatibility_flags: z.array(z.string()) });

export function readCompatibility(root: string): Compatibility {
  const config = Config.parse(readConfig({ config: join(root, "wrangler.jsonc") }));
  return {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
  };
}
