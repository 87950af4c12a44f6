/** Reads what the test runners wrote as JSON, into one pair of figures. Pure. */
import { z } from "zod";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

/** A file that failed as a whole (it could not be loaded, a hook threw) has no failed test, and counts as one. */
export function tallyVitest(json: unknown): Tally {
  const report = VitestReport.parse(json);
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const PlaywrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.unknown()),
});

/** Errors outside tests (a setup that threw) count as failed; a test that passed only when repeated does too. */
export function tallyPlaywright(json: unknown): Tally {
  const { stats, errors } = PlaywrightReport.parse(json);
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
  };
}

/** What one suite's run comes to: a bad exit code or an empty run is a failure even when no test says so. */
export function judgeSuite(tally: Tally, exitCode: number): Tally {
  if (tally.failed > 0) return tally;
  return exitCode !== 0 || tally.passed === 0 ? { ...tally, failed: 1 } : tally;
}
