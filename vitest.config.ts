/**
 * Two projects: `node` (plain Node: pure cores, contracts, scripts, the repository's own rules) and `workers` (real
 * workerd with the bindings of wrangler.jsonc). Browser tests are Playwright's: test/e2e/playwright.config.ts.
 */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // The log of a test that passed is of no interest; that of one that failed is.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "node",
          environment: "node",
          include: ["test/unit/**/*.test.{ts,tsx}", "test/contract/**/*.test.ts", "test/sim/**/*.test.ts"],
          // They share the machine with each other and with whatever else it does: only what hangs is to fail.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [
          cloudflareTest(async ({ inject }) => ({
            wrangler: { configPath: "./wrangler.jsonc" },
            // Nothing in a test may reach the account of whoever runs it.
            remoteBindings: false,
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations("drizzle/d1"),
                AUTH_SECRET: "a-secret-for-tests-only-0123456789abcdef",
                VERSION: "0.0.0-test",
                // Calls nobody asked for would stand in the stand-ins' journals; the tests that want them switch it on.
                UPKEEP_MODEL: "off",
                SANDBOX_URL: inject("sandboxUrl"),
              },
            },
          })),
        ],
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          globalSetup: ["test/workers-setup.ts"],
          setupFiles: ["test/workers/apply-migrations.ts"],
        },
      },
    ],
  },
});
