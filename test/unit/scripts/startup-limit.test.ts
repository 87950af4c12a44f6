/** Whether a start is within its limit, on machines of any speed. The starts are given, not made. */
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { toReferenceWorker } from "../../../scripts/startup/reference-worker.ts";
import { judgeStartup } from "../../../scripts/startup/startup-limit.ts";

/** The last of each goes on for ever. */
function meterOf(productMs: readonly number[], referenceMs: readonly number[], bundleGzipKiB = 700) {
  const calls = { product: 0, reference: 0 };
  const next = (values: readonly number[], index: number) => values[Math.min(index, values.length - 1)] ?? 0;
  return {
    calls,
    startProduct: async () => ({ cpuMs: next(productMs, calls.product++), bundleGzipKiB }),
    startReference: async () => ({ cpuMs: next(referenceMs, calls.reference++), bundleGzipKiB: 100 }),
  };
}

it("[CM41] where the reference takes what it took, or less, the limit is 100 ms", async () => {
  expect(await judgeStartup(meterOf([99], [74]))).toMatchObject({ holds: true, maxCpuMs: 100 });
  expect(await judgeStartup(meterOf([101], [74]))).toMatchObject({ holds: false, maxCpuMs: 100 });
  expect(await judgeStartup(meterOf([99], [20]))).toMatchObject({ holds: true, maxCpuMs: 100 });
});

it("[CM41] where the reference takes twice as long, the limit is twice as high, and no higher", async () => {
  expect(await judgeStartup(meterOf([199], [148]))).toMatchObject({ holds: true, maxCpuMs: 200 });
  expect(await judgeStartup(meterOf([201], [148]))).toMatchObject({ holds: false, maxCpuMs: 200 });
});

it("[CM41] a slow start of ours is tried again, and a slow start of the reference allows nothing", async () => {
  const slowOnce = meterOf([150, 150, 90], [74]);
  expect(await judgeStartup(slowOnce)).toMatchObject({ holds: true, cpuMs: 90 });
  expect(slowOnce.calls).toEqual({ product: 3, reference: 3 });
  expect(await judgeStartup(meterOf([150], [148, 74]))).toMatchObject({ holds: false, referenceMs: 74 });
});

it("[CM41] two rounds at least, six at most", async () => {
  const fast = meterOf([60], [74]);
  await judgeStartup(fast);
  expect(fast.calls).toEqual({ product: 2, reference: 2 });
  const slow = meterOf([160], [74]);
  await judgeStartup(slow);
  expect(slow.calls).toEqual({ product: 6, reference: 6 });
});

it("[CM40] a bundle of a MiB fails, whatever its start takes, and is not started again and again", async () => {
  const heavy = meterOf([60], [74], 1_024);
  expect(await judgeStartup(heavy)).toMatchObject({ holds: false });
  expect(heavy.calls.product).toBe(1);
});

it("[CM41] the reference is the same work each time, and runs", async () => {
  const source = toReferenceWorker();
  expect(toReferenceWorker()).toBe(source);
  const size: unknown = runInNewContext(source.replace(/^export default .*/mu, "shapes.size"));
  expect(size).toBe(4_000);
});
