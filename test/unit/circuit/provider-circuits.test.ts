/** A provider and its models: whose fault a failure was. */
import { describe, expect, it } from "vitest";
import { applyCircuitsEvent, ProviderCircuits } from "../../../src/circuit/provider-circuits.ts";
import { CircuitsDriver, T0 } from "./circuits-driver.ts";

/** A provider two of whose models serve well. */
function served(): CircuitsDriver {
  const driver = new CircuitsDriver();
  driver.call("small", "success");
  driver.call("large", "success");
  return driver;
}

describe("one sick model", () => {
  it("[CB46] opens itself alone, and the others serve on", () => {
    const driver = served();
    driver.calls("small", "failure", 3);
    expect([driver.status("small"), driver.status("large"), driver.status()]).toEqual([
      "OPEN",
      "CLOSED",
      "CLOSED",
    ]);
    driver.call("large", "success");
    expect(driver.snapshot.models.map(({ model, status }) => [model, status])).toEqual([
      ["small", "OPEN"],
      ["large", "CLOSED"],
    ]);
    expect(driver.transitions).toMatchObject([{ model: "small", from: "CLOSED", to: "OPEN", number: 1 }]);
  });

  it("[CB46] comes back by its own half-open probe", () => {
    const driver = served();
    driver.calls("small", "failure", 3);
    driver.pass(5_000);
    expect([driver.status("small"), driver.status()]).toEqual(["HALF_OPEN", "CLOSED"]);
    expect(driver.requestPermit("small", "p1")).toBe(true);
    expect(driver.requestPermit("small", "p2")).toBe(false);
    expect(driver.requestPermit(null, "p3")).toBe(false);
    driver.probeEnd("small", "p1", "success");
    expect(driver.status("small")).toBe("CLOSED");
  });

  it("[CB46] of a model nobody heard of there is no permit, and no probe's end", () => {
    const driver = served();
    const before = driver.circuits;
    expect(driver.requestPermit("huge", "p1")).toBe(false);
    driver.probeEnd("huge", "p1", "success");
    expect(driver.circuits).toBe(before);
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "[CB46] a model that somebody names %s is a model like any other",
    (name) => {
      const driver = served();
      driver.calls(name, "failure", 3);
      driver.call("small", "success");
      expect(driver.status("small")).toBe("CLOSED");
      expect(driver.snapshot.models.find((one) => one.model === name)?.status).toBe("OPEN");
      expect(driver.requestPermit("valueOf", "p1")).toBe(false);
    },
  );
});

describe("whose fault it is", () => {
  it.each(["failure", "fatal"] as const)(
    "[CB47] a %s that is the provider's does not touch the model",
    (verdict) => {
      const driver = served();
      driver.calls("small", verdict, 3, { scope: "provider" });
      expect([driver.status("small"), driver.isSuspect("small")]).toEqual(["CLOSED", false]);
      expect(driver.status()).toBe("OPEN");
    },
  );

  it("[CB47] a probe that fails on the model alone counts for the model, and clears the provider", () => {
    const driver = served();
    driver.call("small", "failure", { scope: "provider" });
    driver.call("small", "failure");
    driver.confirm("small", "model", "failure");
    driver.confirm("small", "model", "failure");
    expect([driver.status("small"), driver.status(), driver.isSuspect()]).toEqual(["OPEN", "CLOSED", false]);
  });

  it("[CB47] a probe that fails on another model too gives the model's count to the provider", () => {
    const driver = served();
    driver.call("small", "failure", { requestId: "req_1" });
    driver.call("small", "failure", { requestId: "req_2" });
    driver.confirm("small", "provider", "failure");
    expect([driver.status("small"), driver.status()]).toEqual(["CLOSED", "OPEN"]);
    expect(driver.transitions).toMatchObject([
      { model: null, to: "OPEN", failureCount: 3, requestIds: ["req_1", "req_2"] },
    ]);
  });

  it.each(["neutral", "rate-limited"] as const)(
    "[CB17] [CB12] a probe (%s) that found no fault gives the provider no failures",
    (verdict) => {
      const driver = served();
      driver.calls("small", "failure", 2);
      driver.confirm("small", "provider", verdict);
      expect(driver.circuits.provider.failureCount).toBe(0);
      expect(driver.status()).toBe("CLOSED");
    },
  );

  it("[CB15] a good probe clears the suspicion of model and provider, and leaves their counts", () => {
    const driver = served();
    driver.call("small", "failure");
    driver.call("small", "failure", { scope: "provider" });
    expect([driver.isSuspect("small"), driver.isSuspect()]).toEqual([true, true]);
    driver.confirm("small", "model", "success");
    expect([driver.isSuspect("small"), driver.isSuspect()]).toEqual([false, false]);
    expect([
      driver.circuits.models["small"]?.breaker.failureCount,
      driver.circuits.provider.failureCount,
    ]).toEqual([1, 1]);
  });

  it("[CB52] when the provider closes, suspicions of its models are forgotten", () => {
    const driver = served();
    driver.call("small", "failure");
    driver.calls("large", "failure", 3, { scope: "provider" });
    expect([driver.status(), driver.isSuspect("small")]).toEqual(["OPEN", true]);
    driver.pass(5_000);
    driver.requestPermit(null, "p1");
    driver.probeEnd(null, "p1", "success");
    expect([driver.status(), driver.isSuspect("small")]).toEqual(["CLOSED", false]);
  });
});

describe("two sick models", () => {
  it("[CB48] open the provider when no other works", () => {
    const driver = new CircuitsDriver();
    driver.calls("small", "failure", 3);
    expect(driver.status()).toBe("CLOSED");
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("OPEN");
    expect(driver.transitions.at(-1)).toMatchObject({
      model: null,
      number: 3,
      reason: "The circuits of small and large are open and no other model works.",
    });
  });

  it("[CB48] leave it closed while a third one works", () => {
    const driver = served();
    driver.call("huge", "success");
    driver.calls("small", "failure", 3);
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("CLOSED");
  });

  it("[CB48] a good call from before the window is no sign of work", () => {
    const driver = new CircuitsDriver();
    driver.call("huge", "success");
    driver.nowMs += 3 * 3_600_000;
    driver.calls("small", "failure", 3);
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("OPEN");
  });

  it("[CB8] [CB48] a good probe closes the provider, though its models are open still", () => {
    const driver = new CircuitsDriver();
    // The models draw longer open times than the provider.
    driver.chances = [1, 1, 0];
    driver.calls("small", "failure", 3);
    driver.calls("large", "failure", 3);
    driver.pass(5_000);
    driver.requestPermit(null, "p1");
    driver.probeEnd(null, "p1", "success");
    expect([driver.status(), driver.status("small"), driver.status("large")]).toEqual([
      "CLOSED",
      "OPEN",
      "OPEN",
    ]);
    expect(driver.transitions.at(-1)).toMatchObject({ model: null, to: "CLOSED" });
    driver.pass(1);
    expect(driver.status()).toBe("CLOSED");
  });

  it("[CB49] an unknown model opens only itself, also when two are asked for and nobody else", () => {
    const driver = new CircuitsDriver();
    driver.call("gpt-typo", "fatal");
    driver.call("gpt-tpyo", "fatal");
    expect([driver.status("gpt-typo"), driver.status("gpt-tpyo"), driver.status()]).toEqual([
      "OPEN",
      "OPEN",
      "CLOSED",
    ]);
    driver.calls("small", "failure", 3);
    expect(driver.status()).toBe("CLOSED");
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("OPEN");
  });

  it("[CB48] [CB56] one that a person holds open says nothing of the provider", () => {
    const driver = new CircuitsDriver();
    driver.control("open", "small");
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("CLOSED");
  });

  it("[CB23] [CB48] a provider that a person holds closed stays so", () => {
    const driver = new CircuitsDriver();
    driver.control("close");
    driver.calls("small", "failure", 3);
    driver.calls("large", "failure", 3);
    expect(driver.status()).toBe("CLOSED");
  });
});

describe("rate limits", () => {
  it("[CB51] a 429 pauses its model, and two pause the provider until the first of them is free", () => {
    const driver = served();
    driver.call("small", "rate-limited", { retryAfterMs: 60_000 });
    expect(driver.circuits.provider.coolDownUntilMs).toBeNull();
    driver.call("large", "rate-limited", { retryAfterMs: 20_000 });
    expect(driver.snapshot).toMatchObject({
      status: "CLOSED",
      coolDownUntilMs: T0 + 20_000,
      models: [{ coolDownUntilMs: T0 + 60_000 }, { coolDownUntilMs: T0 + 20_000 }],
    });
  });

  it("[CB51] a pause that is over is none", () => {
    const driver = served();
    driver.call("small", "rate-limited", { retryAfterMs: 1_000 });
    driver.nowMs += 1_000;
    driver.call("large", "rate-limited", { retryAfterMs: 20_000 });
    expect(driver.circuits.provider.coolDownUntilMs).toBeNull();
  });

  it("[CB51] one that is the whole account's pauses the provider at once", () => {
    const driver = served();
    driver.call("small", "rate-limited", { retryAfterMs: 60_000, scope: "provider" });
    expect(driver.circuits.provider.coolDownUntilMs).toBe(T0 + 60_000);
  });
});

describe("slow models", () => {
  it("[CB42] [CB43] [CB46] ten calls far slower than usual open the model", () => {
    const driver = new CircuitsDriver();
    driver.calls("small", "success", 40, { latencyMs: 500 });
    driver.nowMs += 120_000;
    driver.calls("small", "success", 9, { latencyMs: 9_000 });
    expect(driver.status("small")).toBe("CLOSED");
    driver.call("small", "success", { latencyMs: 9_000 });
    expect([driver.status("small"), driver.status()]).toEqual(["OPEN", "CLOSED"]);
    expect(driver.snapshot.models[0]?.usual).toMatchObject({ samples: 50, firstTokenP50Ms: 500 });
  });
});

describe("late calls", () => {
  it("[CB42] [CB43] ten that were cancelled after a wait far longer than usual open the model, and count for nothing else", () => {
    const driver = new CircuitsDriver();
    driver.calls("small", "success", 40, { latencyMs: 500 });
    driver.nowMs += 120_000;
    driver.call("small", "failure");
    const provider = driver.circuits.provider;
    driver.calls("small", "late", 8, { latencyMs: 9_000 });
    expect([driver.status("small"), driver.isSuspect("small")]).toEqual(["CLOSED", true]);
    expect(driver.circuits.models["small"]?.breaker.failureCount).toBe(1);
    driver.call("small", "late", { latencyMs: 9_000 });
    expect([driver.status("small"), driver.status()]).toEqual(["OPEN", "CLOSED"]);
    expect(driver.transitions[0]?.reason).toContain("far slower than usual");
    expect(driver.circuits.provider).toBe(provider);
  });

  it("[CB43] how long they waited is remembered as usual", () => {
    const driver = new CircuitsDriver();
    driver.calls("small", "success", 20, { latencyMs: 500 });
    driver.calls("small", "late", 20, { latencyMs: 1_500 });
    expect(driver.snapshot.models[0]?.usual).toMatchObject({ samples: 40, firstTokenP95Ms: 1_500 });
  });
});

describe("memory", () => {
  it("[CB53] at most 64 models are remembered; the healthy one unheard of for longest goes", () => {
    const driver = new CircuitsDriver();
    driver.calls("sick", "failure", 3);
    driver.call("oldest", "success");
    for (let index = 0; index < 62; index += 1) {
      driver.nowMs += 1;
      driver.call(`model-${index}`, "success");
    }
    driver.nowMs += 1;
    driver.call("oldest", "success");
    driver.nowMs += 1;
    driver.call("newcomer", "success");
    const names = Object.keys(driver.circuits.models);
    expect(names).toHaveLength(64);
    expect(names).toContain("sick");
    expect(names).toContain("oldest");
    expect(names).toContain("newcomer");
    expect(names).not.toContain("model-0");
  });

  it("[CB53] where none may go, a newcomer says nothing: made-up names must not open the provider", () => {
    const driver = new CircuitsDriver();
    for (let index = 0; index < 64; index += 1) driver.call(`made-up-${index}`, "fatal");
    driver.calls("newcomer", "failure", 5);
    driver.call("newcomer", "success");
    expect(Object.keys(driver.circuits.models)).toHaveLength(64);
    expect([driver.status(), driver.circuits.provider.failureCount]).toEqual(["CLOSED", 0]);
    driver.calls("newcomer", "failure", 3, { scope: "provider" });
    expect(driver.status()).toBe("OPEN");
  });
});

describe("a person and one model", () => {
  it.each([
    { action: "open", status: "OPEN" },
    { action: "close", status: "CLOSED" },
    { action: "drain", status: "CLOSED" },
  ] as const)("[CB90] $action counts where there is no room for its name", ({ action, status }) => {
    const driver = new CircuitsDriver();
    for (let index = 0; index < 64; index += 1) driver.call(`made-up-${index}`, "fatal");
    driver.control(action, "mine");
    expect(driver.status("mine")).toBe(status);
    expect(driver.transitions.at(-1)).toMatchObject({ model: "mine" });
    driver.call("newcomer", "success");
    expect([driver.status("newcomer"), driver.status("made-up-0")]).toEqual([undefined, "OPEN"]);
  });

  it.each([
    { action: "open", status: "OPEN", mode: "forced-open" },
    { action: "close", status: "CLOSED", mode: "forced-closed" },
    { action: "drain", status: "CLOSED", mode: "draining" },
    { action: "reset", status: "CLOSED", mode: "auto" },
  ] as const)(
    "[CB56] $action makes the model $status and $mode, and nobody else",
    ({ action, status, mode }) => {
      const driver = served();
      driver.control(action, "small");
      expect(driver.snapshot.models[0]).toMatchObject({ model: "small", status, mode, openUntilMs: null });
      expect(driver.snapshot.models[1]).toMatchObject({ model: "large", status: "CLOSED", mode: "auto" });
      expect(driver.snapshot).toMatchObject({ status: "CLOSED", mode: "auto" });
      expect(driver.transitions).toMatchObject([{ model: "small", actor: "ada@example.com" }]);
    },
  );

  it("[CB56] a model that nobody asked for yet can be closed off before anybody does", () => {
    const driver = new CircuitsDriver();
    driver.control("open", "preview");
    expect(driver.snapshot.models).toMatchObject([{ model: "preview", status: "OPEN" }]);
  });
});

describe("a person and the whole provider", () => {
  it("[CB56] [CB23] a reset resets the models too, those that need it, each under its number", () => {
    const driver = served();
    driver.calls("small", "failure", 3);
    driver.control("open", "huge");
    driver.calls("gone", "failure", 3, { scope: "provider" });
    driver.control("reset");
    expect(driver.snapshot).toMatchObject({ status: "CLOSED", mode: "auto", failureCount: 0 });
    for (const circuit of driver.snapshot.models) {
      expect(circuit).toMatchObject({ status: "CLOSED", mode: "auto", suspect: false, failureCount: 0 });
    }
    const byHand = driver.transitions.filter((transition) => transition.actor !== null).slice(1);
    expect(byHand.map(({ model }) => model)).toEqual([null, "small", "huge"]);
    expect(byHand.map(({ number }) => number)).toEqual([4, 5, 6]);
  });
});

describe("waking up", () => {
  it("[CB18] a half-open model asks for no alarm at once while its provider is not closed, and for one when it is", () => {
    const driver = served();
    driver.calls("small", "failure", 3);
    driver.calls("large", "failure", 3, { scope: "provider" });
    driver.pass(4_000);
    driver.control("open");
    const whileOpen = driver.pass(60_000);
    expect(driver.status("small")).toBe("HALF_OPEN");
    expect(whileOpen.filter((effect) => effect.type === "wake")).toEqual([]);
    expect(driver.pass(1).filter((effect) => effect.type === "wake")).toEqual([]);
    driver.control("close");
    expect(driver.effects.at(-1)).toEqual({ type: "wake", model: "small", atMs: driver.nowMs });
  });
});

describe("what is stored", () => {
  it("[CB24] circuits come back from JSON as they were; what is none is refused", () => {
    const driver = served();
    driver.calls("small", "failure", 3);
    driver.call("large", "rate-limited");
    const stored: unknown = JSON.parse(JSON.stringify(driver.circuits));
    expect(ProviderCircuits.parse(stored)).toEqual(driver.circuits);
    expect(ProviderCircuits.safeParse({ ...driver.circuits, version: -1 }).success).toBe(false);
  });

  it("[CB20] an event that says nothing leaves the very same value", () => {
    const driver = served();
    const before = driver.circuits;
    driver.call("small", "neutral");
    driver.pass(1_000);
    expect(driver.circuits).toBe(before);
    const context = { nowMs: T0, random: () => 0, policy: driver.policy };
    expect(applyCircuitsEvent(before, { type: "time-pass" }, context).circuits).toBe(before);
  });
});
