/** How long work keeps the processor. Unlike time on the wall that does not grow while other tests run beside it. */

export function timeCpu<Value>(work: () => Value): { readonly value: Value; readonly tookMs: number } {
  const started = process.threadCpuUsage();
  const value = work();
  const { user, system } = process.threadCpuUsage(started);
  return { value, tookMs: (user + system) / 1_000 };
}
