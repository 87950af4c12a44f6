import { describe, expect, it } from "vitest";
import { decidePlan } from "../../../../src/routing/ranking/plan.ts";
import type { RequestedModel } from "../../../../src/routing/ranking/ranking-facts.ts";
import { SelectionCandidate } from "../../../../src/protocol/selection.ts";
import { toProviderId } from "../../../fakes/scripted-provider.ts";
import { classOf, factsOf, nameOf, NOW_MS, orderOf, pinned, targetOf, THREE } from "./plan-facts.ts";

function planOf(...given: Parameters<typeof factsOf>) {
  const plan = decidePlan(factsOf(...given));
  if (!plan.ok) throw new Error(plan.error.message);
  return plan.value;
}

function failureOf(...given: Parameters<typeof factsOf>) {
  const plan = decidePlan(factsOf(...given));
  if (plan.ok) throw new Error("expected no plan");
  return plan.error;
}

describe("what is asked for", () => {
  it("[RT5] a class gives its targets in their order, a pinned target itself", () => {
    expect(orderOf(factsOf())).toEqual(["a/one", "b/two", "c/three"]);
    expect(orderOf(factsOf({ requested: [pinned("b/some/model")] }))).toEqual(["b/some/model"]);
  });

  it("[RT5] a list gives its entries' targets in the caller's order, each once", () => {
    const requested = [pinned("c/three"), classOf("a/one", "c/three"), pinned("a/one"), pinned("b/two")];
    expect(orderOf(factsOf({ requested }))).toEqual(["c/three", "a/one", "b/two"]);
  });

  it("[RT5] two models of one provider are two candidates", () => {
    expect(orderOf(factsOf({ requested: [classOf("a/one", "a/two")] }))).toEqual(["a/one", "a/two"]);
  });

  it.each<[string, { unspecified?: boolean; requested?: readonly RequestedModel[] }]>([
    ["auto", { unspecified: true }],
    ["class", {}],
    ["pinned", { requested: [pinned("a/one")] }],
    ["list", { requested: [pinned("a/one"), pinned("b/two")] }],
    ["list", { requested: [THREE, THREE] }],
  ])("[RT6] the mode is %s", (mode, changes) => {
    expect(planOf(changes).mode).toBe(mode);
  });
});

describe("who is left out", () => {
  it.each([
    { name: "open", circuit: { status: "OPEN", openUntilMs: NOW_MS + 5_000, failureCount: 3 } },
    { name: "half-open", circuit: { status: "HALF_OPEN" } },
    { name: "held open", circuit: { status: "OPEN", mode: "forced-open", openUntilMs: NOW_MS - 1 } },
    { name: "cooling down", circuit: { coolDownUntilMs: NOW_MS + 1 } },
  ] as const)("[RT7] $name: left out, with its reason on record", ({ circuit }) => {
    const plan = planOf({}, { a: circuit });
    expect(plan.order.map(nameOf)).toEqual(["b/two", "c/three"]);
    const left = plan.candidates.find((candidate) => candidate.provider === "a");
    expect(left).toMatchObject({ place: null, circuit: "status" in circuit ? circuit.status : "CLOSED" });
    expect(left?.reason).not.toBe("");
    expect(plan.skipped).toEqual([{ ...targetOf("a/one"), reason: left?.reason }]);
  });

  it("[RT7] a pause that is over, or overruled by a person, leaves nobody out", () => {
    expect(orderOf(factsOf({}, { a: { coolDownUntilMs: NOW_MS } }))[0]).toBe("a/one");
    const forced = { coolDownUntilMs: NOW_MS + 60_000, mode: "forced-closed" } as const;
    expect(orderOf(factsOf({}, { a: forced }))[0]).toBe("a/one");
  });

  it("[RT10] a candidate without a key or address here is left out, with that reason", () => {
    const plan = planOf({ configured: new Set([toProviderId("b")]) });
    expect(plan.order.map(nameOf)).toEqual(["b/two"]);
    expect(plan.candidates.slice(1)).toMatchObject([
      { ...targetOf("a/one"), place: null, reason: "a has no key and no address here.", circuit: "CLOSED" },
      { ...targetOf("c/three"), place: null, reason: "c has no key and no address here.", circuit: "CLOSED" },
    ]);
    expect(plan.skipped).toEqual([]);
  });
});

describe("the order", () => {
  it("[RT8] a suspect provider stands behind the others, suspects among themselves in their order", () => {
    expect(orderOf(factsOf({}, { a: { suspect: true } }))).toEqual(["b/two", "c/three", "a/one"]);
    const two = { a: { suspect: true }, b: { suspect: true } };
    expect(orderOf(factsOf({}, two))).toEqual(["c/three", "a/one", "b/two"]);
  });

  it.each([
    { last: "a", order: ["a/one", "b/two", "c/three"] },
    { last: "b", order: ["b/two", "a/one", "c/three"] },
    { last: "c", order: ["c/three", "a/one", "b/two"] },
    { last: "d", order: ["a/one", "b/two", "c/three"] },
  ])("[RT9] when $last served the chat last, the order is $order", ({ last, order }) => {
    expect(orderOf(factsOf({ lastProvider: toProviderId(last) }))).toEqual(order);
  });

  it("[RT9] neither a list nor a suspect is moved up", () => {
    const lastProvider = toProviderId("b");
    const requested = [pinned("a/one"), pinned("b/two")];
    expect(orderOf(factsOf({ requested, lastProvider }))).toEqual(["a/one", "b/two"]);
    expect(orderOf(factsOf({ lastProvider }, { b: { suspect: true } }))).toEqual([
      "a/one",
      "c/three",
      "b/two",
    ]);
  });

  it("[RT11] every candidate on record has its place and a sentence for it", () => {
    const lastProvider = toProviderId("b");
    const requested = [classOf("a/one", "b/two", "c/three", "d/four", "e/five")];
    const plan = planOf(
      { requested, lastProvider },
      {
        c: { suspect: true },
        d: { status: "OPEN", openUntilMs: NOW_MS + 1, failureCount: 3 },
      },
    );
    expect(plan.candidates.map((candidate) => [nameOf(candidate), candidate.place])).toEqual([
      ["b/two", 1],
      ["a/one", 2],
      ["c/three", 3],
      ["d/four", null],
      ["e/five", null],
    ]);
    const reasons = plan.candidates.map((candidate) => SelectionCandidate.parse(candidate).reason);
    expect(reasons[0]).toContain("served this chat last");
    expect(reasons[1]).toContain("number 1");
    expect(reasons[2]).toContain("after a failure");
    expect(reasons[3]).toContain("OPEN");
    expect(reasons[4]).toContain("no key");
  });

  it("[RT33] no reason repeats what a provider or an operator wrote", () => {
    const reason = "ada@example.com: secret words of somebody else";
    const circuits = {
      a: { suspect: true, reason },
      b: { status: "OPEN", mode: "forced-open", openUntilMs: NOW_MS, reason },
      c: { status: "HALF_OPEN", reason },
      d: { coolDownUntilMs: NOW_MS + 5_000, reason },
    } as const;
    const plan = planOf({ requested: [classOf("a/one", "b/two", "c/three", "d/four")] }, circuits);
    expect(plan.candidates).toHaveLength(4);
    expect(JSON.stringify(plan)).not.toContain("ada@example.com");
    expect(JSON.stringify(plan)).not.toContain("secret words");
  });

  it("[RT13] the same facts give the same plan, and the facts are left as they were", () => {
    const circuits = { a: { suspect: true }, c: { status: "HALF_OPEN" } } as const;
    const facts = factsOf({ lastProvider: toProviderId("b") }, circuits);
    Object.freeze(facts.requested);
    expect(decidePlan(facts)).toEqual(decidePlan(facts));
  });
});

describe("nobody to ask", () => {
  it("[RT12] says when the first may be asked again", () => {
    const failure = failureOf(
      {},
      {
        a: { status: "OPEN", openUntilMs: NOW_MS + 9_000 },
        b: { coolDownUntilMs: NOW_MS + 4_000 },
        c: { status: "HALF_OPEN" },
      },
    );
    expect(failure).toMatchObject({ type: "nothing-available", retryAfterMs: 4_000, mode: "class" });
    expect(failure.message).toContain("unavailable");
    expect(failure.skipped.map(nameOf)).toEqual(["a/one", "b/two", "c/three"]);
    expect(failure.candidates).toHaveLength(3);
  });

  it("[RT12] names no time where only a person can end the wait", () => {
    const held = { status: "OPEN", mode: "forced-open", openUntilMs: NOW_MS - 60_000 } as const;
    expect(failureOf({}, { a: held, b: held, c: held }).retryAfterMs).toBeNull();
    const open = { status: "OPEN", openUntilMs: NOW_MS + 7_000 } as const;
    expect(failureOf({}, { a: held, b: open, c: held }).retryAfterMs).toBe(7_000);
  });

  it("[RT12] a time that is over is not in the past", () => {
    const ripe = { status: "OPEN", openUntilMs: NOW_MS - 1_000 } as const;
    expect(failureOf({ requested: [pinned("a/one")] }, { a: ripe }).retryAfterMs).toBe(0);
  });

  it("[RT12] says that nothing is set up, and for whom", () => {
    const failure = failureOf({ configured: new Set() });
    expect(failure).toMatchObject({ type: "nothing-configured", retryAfterMs: null, skipped: [] });
    expect(failure.message).toContain("a, b, c");
    expect(failureOf({ requested: [classOf()] }).message).toContain("none known");
  });
});
