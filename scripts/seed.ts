/**
 * `node scripts/seed.ts STATE`: puts the local admin, an organization and an API key into a local state whose
 * migrations are applied. `npm start` runs it; no server may be running on the same state.
 */
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { getPlatformProxy } from "wrangler";
import { seedLocal } from "../src/auth/seed.ts";
import { LOCAL_ADMIN_EMAIL, readLocalSeed, saveLocalSeed } from "./serve/local-seed.ts";
import { loadLocalSecrets } from "./serve/local-secrets.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

async function seed(stateFolder: string): Promise<void> {
  const { adminPassword } = await loadLocalSecrets(stateFolder);
  const proxy = await getPlatformProxy<{ DB: D1Database }>({
    configPath: join(root, "wrangler.jsonc"),
    // `wrangler dev --persist-to X` keeps its data in X/v3; this API takes that folder itself.
    persist: { path: join(stateFolder, "v3") },
    remoteBindings: false,
  });
  try {
    const admin = { email: LOCAL_ADMIN_EMAIL, password: adminPassword };
    const known = await readLocalSeed(stateFolder, admin);
    const { apiKey } = await seedLocal(
      proxy.env.DB,
      {
        adminEmail: admin.email,
        adminPassword: admin.password,
        ...(known === null ? {} : { apiKey: known }),
      },
      { nowMs: Date.now, randomBytes },
    );
    await saveLocalSeed(stateFolder, admin, apiKey);
  } finally {
    await proxy.dispose();
  }
}

const [state] = process.argv.slice(2);
if (state === undefined) {
  console.error("Usage: node scripts/seed.ts STATE");
  process.exitCode = 1;
} else {
  await seed(resolve(state));
}
