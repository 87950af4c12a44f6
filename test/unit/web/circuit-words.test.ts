/** What a circuit's card and the timeline say. Rules WB41 to WB44. */
import { expect, it } from "vitest";
import { CircuitDetail, NOTHING_USUAL } from "../../../src/protocol/circuit.ts";
import type { CircuitTransition, ModelCircuit } from "../../../src/protocol/circuit.ts";
import { toCoolDownMs, toWaitText } from "../../../web/admin/circuit-wait.ts";
import { toModelRows, toUsualText } from "../../../web/admin/model-row.ts";
import { MAX_TIMELINE, toTimeline } from "../../../web/admin/timeline-entry.ts";

const WELL = { status: "CLOSED", mode: "auto", openUntilMs: null, coolDownUntilMs: null } as const;

function makeModel(model: string, changes: Partial<ModelCircuit> = {}): ModelCircuit {
  return {
    model,
    status: "CLOSED",
    suspect: false,
    openUntilMs: null,
    coolDownUntilMs: null,
    reason: "",
    failureCount: 0,
    usual: NOTHING_USUAL,
    ...changes,
  };
}

it("[WB41] counts down to the probe of an open circuit", () => {
  const open = { ...WELL, status: "OPEN", openUntilMs: 5_000 } as const;
  expect(toWaitText(open, 5_000, 0)).toBe("Probe in 5 s");
  expect(toWaitText(open, null, 2_000)).toBe("Probe in 3 s");
  expect(toWaitText(open, 5_000, 5_000)).toBe("Probe is due");
  expect(toWaitText({ ...open, openUntilMs: null }, null, 0)).toBe("");
  expect(toWaitText({ ...open, mode: "forced-open" }, 5_000, 0)).toBe("No probe: held open");
  expect(toWaitText({ ...open, mode: "draining" }, 5_000, 0)).toBe("Probe in 5 s");
  expect(toWaitText({ ...WELL, status: "HALF_OPEN" }, null, 0)).toBe("A probe is on its way");
});

it("[WB41] names the next check of a closed circuit while it lies ahead", () => {
  expect(toWaitText(WELL, 61_000, 0)).toBe("Next check in 1:01");
  expect(toWaitText(WELL, 61_000, 61_000)).toBe("");
  expect(toWaitText(WELL, null, 0)).toBe("");
});

it("[WB41] tells what is left of a pause, until it is over", () => {
  expect(toCoolDownMs({ coolDownUntilMs: 3_000 }, 1_000)).toBe(2_000);
  expect(toCoolDownMs({ coolDownUntilMs: 3_000 }, 3_000)).toBeNull();
  expect(toCoolDownMs({ coolDownUntilMs: null }, 0)).toBeNull();
});

it("[WB42] puts models in trouble first and hides none of them", () => {
  const models = [
    makeModel("z-well"),
    makeModel("pausing", { coolDownUntilMs: 10 }),
    makeModel("held", { mode: "forced-closed" }),
    makeModel("suspect", { suspect: true }),
    makeModel("a-well"),
    makeModel("half", { status: "HALF_OPEN" }),
    makeModel("open", { status: "OPEN" }),
    makeModel("rested", { coolDownUntilMs: 1 }),
  ];
  const { first, more } = toModelRows(models, 5);
  expect(first.map(({ model }) => model)).toEqual(["open", "half", "suspect", "pausing", "held"]);
  expect(more.map(({ model }) => model)).toEqual(["a-well", "rested", "z-well"]);
});

it("[WB42] shows a few healthy ones, and all where a button would save nothing", () => {
  const names = ["a", "b", "c", "d", "e"];
  const counts = (models: readonly string[]) => {
    const { first, more } = toModelRows(
      models.map((name) => makeModel(name)),
      0,
    );
    return [first.length, more.length];
  };
  expect(counts(names)).toEqual([3, 2]);
  expect(counts(names.slice(0, 4))).toEqual([4, 0]);
  expect(counts([])).toEqual([0, 0]);
});

it("[WB43] tells what is usual, and leaves out what nobody measured", () => {
  const usual = { samples: 40, firstTokenP50Ms: 320, firstTokenP95Ms: 1_240, tokensPerSecond: 84.4 };
  expect(toUsualText(usual)).toBe("first token 320 ms · p95 1.2 s · 84 tokens/s · 40 calls");
  expect(toUsualText({ ...usual, samples: 1, firstTokenP95Ms: null, tokensPerSecond: 3.25 })).toBe(
    "first token 320 ms · 3.3 tokens/s · 1 call",
  );
  expect(toUsualText({ ...usual, tokensPerSecond: null })).not.toContain("tokens/s");
  expect(toUsualText(NOTHING_USUAL)).toBe("no good call yet");
});

function makeDetail(provider: string, transitions: readonly Partial<CircuitTransition>[]): CircuitDetail {
  const snapshot = {
    ...WELL,
    provider,
    version: 1,
    suspect: false,
    reason: "",
    failureCount: 0,
    failureThreshold: 3,
    changedAtMs: 0,
  };
  return CircuitDetail.parse({
    snapshot,
    recentCalls: [],
    transitions: transitions.map((changes, index) => ({
      version: index + 1,
      provider,
      from: "CLOSED",
      to: "OPEN",
      atMs: 0,
      reason: "3 failures in a row",
      failureCount: 3,
      requestIds: [],
      actor: null,
      ...changes,
    })),
    regions: [{ region: "weur", status: "OPEN", reason: "", reportedAtMs: 0 }],
    firstTokenP50Ms: null,
    firstTokenP95Ms: null,
    nextProbeAtMs: null,
    sandbox: false,
  });
}

it("[WB44] orders the changes of all circuits by time, and of one moment by number", () => {
  const timeline = toTimeline([
    makeDetail("openai", [{ atMs: 10 }, { atMs: 30 }, { atMs: 30 }]),
    makeDetail("google", [{ atMs: 20 }]),
  ]);
  expect(timeline.map(({ transition }) => [transition.provider, transition.version])).toEqual([
    ["openai", 3],
    ["openai", 2],
    ["google", 1],
    ["openai", 1],
  ]);
  const many = Array.from({ length: MAX_TIMELINE + 5 }, (_, index) => ({ atMs: index }));
  expect(toTimeline([makeDetail("openai", many)])).toHaveLength(MAX_TIMELINE);
});

it("[WB44] takes region and person out of the reason, and names each request once", () => {
  const [byHand, ofRegion, both, plain] = toTimeline([
    makeDetail("openai", [
      { atMs: 4, actor: "ada@example.com", reason: "ada@example.com: maintenance", model: "gpt" },
      { atMs: 3, reason: "weur: 3 failures in a row" },
      { atMs: 2, reason: "weur: ada@example.com: maintenance", actor: "ada@example.com" },
      { atMs: 1, reason: "timeout: no headers", requestIds: ["req_a", "req_b", "req_a"] },
    ]),
  ]);
  expect(byHand).toMatchObject({ region: null, reason: "maintenance", transition: { model: "gpt" } });
  expect(ofRegion).toMatchObject({ region: "weur", reason: "3 failures in a row" });
  expect(both).toMatchObject({ region: "weur", reason: "maintenance" });
  expect(plain).toMatchObject({ region: null, reason: "timeout: no headers", requests: ["req_a", "req_b"] });
});
