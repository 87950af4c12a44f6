/**
 * End-to-end tests on the system's Chromium against `npm start`. `npm test -- e2e` finds Chromium and a free port;
 * run by hand, CHROMIUM_PATH says where Chromium is (default /usr/bin/chromium).
 */
import { defineConfig } from "@playwright/test";

/** Where the product under test listens. */
export const E2E_URL = process.env["BREAKWATER_E2E_URL"] ?? "http://127.0.0.1:8797";

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.test.ts",
  outputDir: "../../test-results/e2e",
  globalSetup: "./start-product.ts",
  // One product, two cores: tests beside each other would only measure each other.
  workers: 1,
  // A test that passes only sometimes has found something.
  retries: 0,
  forbidOnly: process.env["CI"] !== undefined,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: E2E_URL,
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
      // Without a sandbox because tests run as root in containers; the rest keeps Chromium from calling home.
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    },
  },
});
