/** The circuits of all providers, where some of their objects are away. */
import { expect, it } from "vitest";
import type { CircuitDetail } from "../../src/protocol/circuit.ts";
import { CIRCUIT_WITHIN_MS, readCircuits } from "../../src/read-circuits.ts";
import { RecordingLog } from "../fakes/recording-log.ts";
import { VirtualClock } from "../fakes/virtual-clock.ts";
import { toCircuit } from "./http/fake-services.ts";

it("[OP62] one object that fails and one that says nothing hide no other, and are named", async () => {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const readDetail = (provider: string): Promise<CircuitDetail> => {
    if (provider === "b") return Promise.reject(new Error("overloaded"));
    return provider === "c" ? new Promise(() => undefined) : Promise.resolve(toCircuit(provider));
  };
  const read = readCircuits({ providers: ["a", "b", "c", "d"], readDetail, clock, log });
  await clock.advance(CIRCUIT_WITHIN_MS);
  const { circuits, unreachable } = await read;
  expect(circuits.map(({ snapshot }) => snapshot.provider)).toEqual(["a", "d"]);
  expect(unreachable).toEqual(["b", "c"]);
  expect(log.lines.map(({ fields }) => fields)).toEqual([
    { task: "read-circuit", error: "b: Error: overloaded" },
    { task: "read-circuit", error: "c: no answer in time" },
  ]);
});

it("[OP62] nothing is waited for once all have answered", async () => {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  const readDetail = (provider: string) => Promise.resolve(toCircuit(provider));
  const { unreachable } = await readCircuits({ providers: ["a"], readDetail, clock, log });
  expect([unreachable, clock.pendingTimers, log.lines]).toEqual([[], 0, []]);
});
