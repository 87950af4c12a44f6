/** A target's circuit: its provider's and its model's as one. */
import { describe, expect, it } from "vitest";
import { readTargetCircuit } from "../../../src/circuit/target-circuit.ts";
import type { CircuitSnapshot } from "../../../src/protocol/circuit.ts";
import { modelCircuitOf, snapshotOf } from "../../fakes/fake-authority.ts";

const USUAL = { samples: 30, firstTokenP50Ms: 400, firstTokenP95Ms: 900, tokensPerSecond: 80 };

function read(
  provider: Partial<CircuitSnapshot>,
  own: Parameters<typeof modelCircuitOf>[1] | null,
  model = "small",
) {
  const models = own === null ? [] : [modelCircuitOf("small", own)];
  return readTargetCircuit(snapshotOf("openai", { ...provider, models }), model);
}

describe("a target's circuit", () => {
  it("[CB50] is unknown where nothing is known, and the provider's for a model nobody heard of", () => {
    expect(readTargetCircuit(null, "small")).toBeNull();
    expect(read({ status: "OPEN", reason: "down" }, { status: "CLOSED" }, "other")).toMatchObject({
      status: "OPEN",
      reason: "down",
      usual: { samples: 0 },
    });
  });

  it.each([
    { provider: "CLOSED", own: "CLOSED", status: "CLOSED" },
    { provider: "CLOSED", own: "OPEN", status: "OPEN" },
    { provider: "CLOSED", own: "HALF_OPEN", status: "HALF_OPEN" },
    { provider: "OPEN", own: "CLOSED", status: "OPEN" },
    { provider: "OPEN", own: "HALF_OPEN", status: "OPEN" },
    { provider: "HALF_OPEN", own: "OPEN", status: "HALF_OPEN" },
  ] as const)("[CB50] provider $provider and model $own make $status", ({ provider, own, status }) => {
    const reason = provider === "CLOSED" ? "the model's" : "the provider's";
    const circuit = read(
      { status: provider, reason: "the provider's" },
      { status: own, reason: "the model's" },
    );
    expect(circuit?.status).toBe(status);
    if (status !== "CLOSED") expect(circuit?.reason).toBe(reason);
  });

  it("[CB50] is suspect when either is, and pauses as long as the longer", () => {
    expect(read({ suspect: true }, {})?.suspect).toBe(true);
    expect(read({}, { suspect: true })?.suspect).toBe(true);
    expect(read({}, {})?.suspect).toBe(false);
    expect(read({ coolDownUntilMs: 5 }, { coolDownUntilMs: 9 })?.coolDownUntilMs).toBe(9);
    expect(read({ coolDownUntilMs: 5 }, {})?.coolDownUntilMs).toBe(5);
    expect(read({}, { coolDownUntilMs: 9 })?.coolDownUntilMs).toBe(9);
    expect(read({}, {})?.coolDownUntilMs).toBeNull();
  });

  it("[CB50] [CB43] always says what is usual for the model", () => {
    expect(read({ status: "OPEN" }, { usual: USUAL })?.usual).toEqual(USUAL);
    expect(read({}, { usual: USUAL })?.usual).toEqual(USUAL);
  });

  it("[CB23] [CB50] a person who holds the provider closed means its models too", () => {
    expect(read({ mode: "forced-closed" }, { status: "OPEN" })).toMatchObject({
      status: "CLOSED",
      mode: "forced-closed",
    });
  });

  it.each([
    { provider: "auto", own: "auto", mode: "auto" },
    { provider: "auto", own: "draining", mode: "draining" },
    { provider: "auto", own: "forced-open", mode: "forced-open" },
    { provider: "auto", own: "forced-closed", mode: "forced-closed" },
    { provider: "draining", own: "auto", mode: "draining" },
  ] as const)(
    "[CB55] [CB56] provider $provider and model $own are handled as $mode",
    ({ provider, own, mode }) => {
      expect(read({ mode: provider }, { mode: own })?.mode).toBe(mode);
    },
  );
});
