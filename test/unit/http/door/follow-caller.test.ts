/** When a caller goes away: while its stream runs, or while it was still being read who it is. */
import { expect, it } from "vitest";
import { followCaller } from "../../../../src/http/door/follow-caller.ts";

it("[HT53] [HT221] a caller's going away stops its call, however early it went", () => {
  const caller = new AbortController();
  const [there, other] = [followCaller(caller.signal), followCaller(caller.signal)];
  expect(there.signal.aborted).toBe(false);
  other.abort();
  expect([there.signal.aborted, caller.signal.aborted]).toEqual([false, false]);
  caller.abort();
  expect(there.signal.aborted).toBe(true);
  expect(followCaller(caller.signal).signal.aborted).toBe(true);
});
