/** What counts as passed and failed in the last line of `npm test`, and which browser it takes. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findChromium } from "../../../scripts/find-chromium.ts";
import { judgeSuite, tallyPlaywright, tallyVitest } from "../../../scripts/test-report.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const COUNTS = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0 };

test("[CM20] a file that could not be loaded counts as a failure, one with a failed test not twice", () => {
  const testResults = [
    { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
    { status: "failed", assertionResults: [] },
    { status: "passed", assertionResults: [{ status: "passed" }] },
  ];
  expect(tallyVitest({ ...COUNTS, testResults })).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test("[CM20] errors outside tests and tests that pass only when repeated count as failures", () => {
  const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 1 };
  expect(tallyPlaywright({ stats, errors: [{ message: "setup" }] })).toEqual({
    passed: 5,
    failed: 3,
    skipped: 1,
  });
});

test("[CM20] a bad exit code and an empty run are failures even when no test says so", () => {
  const good = { passed: 2, failed: 0, skipped: 0 };
  expect(judgeSuite(good, 0)).toEqual(good);
  expect(judgeSuite(good, 1).failed).toBe(1);
  expect(judgeSuite({ passed: 0, failed: 0, skipped: 4 }, 0).failed).toBe(1);
  expect(judgeSuite({ passed: 1, failed: 3, skipped: 0 }, 1).failed).toBe(3);
});

test("[CM21] CHROMIUM_PATH decides, and a wrong one is an error and not a reason to take another", async () => {
  const folder = await makeTemporaryFolder();
  const program = join(folder, "chromium");
  await writeFile(program, "");
  const wrong = { CHROMIUM_PATH: join(folder, "nowhere"), PATH: folder };
  await expect(findChromium({ CHROMIUM_PATH: program })).rejects.toThrow("CHROMIUM_PATH");
  await chmod(program, 0o755);
  expect(await findChromium({ CHROMIUM_PATH: program, PATH: "" })).toBe(program);
  expect(await findChromium({ PATH: `/nowhere:${folder}` })).toBe(program);
  await expect(findChromium(wrong)).rejects.toThrow("CHROMIUM_PATH");
});
