/**
 * How many calls of a ProviderHealth object a healthy request waits for before it is sent to its provider. Every
 * object call is held up, so that one in the background is never answered before the request has left: what was
 * answered by then was waited for.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { medianOf } from "../measure.ts";
import type { IsolateClient } from "./isolate-client.ts";

export interface ObjectCalls {
  readonly waitedForPerRequest: number;
  /** All of them, the background ones too. */
  readonly allPerRequest: number;
  /** Without the hold-up. */
  readonly requestP50Ms: number;
}

/** Longer than a request needs until it is sent, shorter than the 150 ms that a turn would wait for at most. */
const HOLD_UP_MS = 120;
const REQUESTS = 200;
/** So that the requests take longer than a snapshot stays fresh, and some of them find it old. */
const PAUSE_MS = 20;
const WARM_UP_REQUESTS = 30;

export async function measureObjectCalls(
  isolate: IsolateClient,
  models: readonly string[],
  design: "breakwater" | "ask-first",
): Promise<ObjectCalls> {
  const headers = { "x-bench-design": design };
  for (let index = 0; index < WARM_UP_REQUESTS; index += 1) await isolate.complete(models, headers);
  const timesMs: number[] = [];
  for (let index = 0; index < REQUESTS; index += 1) {
    timesMs.push((await isolate.complete(models, headers)).durationMs);
  }
  await isolate.setObjectDelay(HOLD_UP_MS);
  const before = await isolate.readCounts();
  for (let index = 0; index < REQUESTS; index += 1) {
    await isolate.complete(models, headers);
    await sleep(PAUSE_MS);
  }
  const after = await isolate.readCounts();
  await isolate.setObjectDelay(0);
  const sent = after.sent - before.sent;
  if (sent !== REQUESTS) throw new Error(`${REQUESTS} healthy requests made ${sent} provider calls`);
  return {
    waitedForPerRequest: (after.waitedFor - before.waitedFor) / sent,
    allPerRequest: (after.calls - before.calls) / sent,
    requestP50Ms: medianOf(timesMs),
  };
}
