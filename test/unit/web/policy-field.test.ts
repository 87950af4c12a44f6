/** The form of a circuit's policy. Rules WB45 to WB47. */
import { expect, it } from "vitest";
import { DEFAULT_CIRCUIT_POLICY } from "../../../src/circuit/policy.ts";
import {
  formatPolicyNumber,
  parsePolicyDraft,
  toFieldErrors,
  toPolicyFullLabel,
  toPolicyGroups,
  toPolicyLabel,
  toPolicyUnit,
} from "../../../web/admin/policy-field.ts";

it("[WB45] shows every number that is in force once, all of today's with words of their own", () => {
  const names = toPolicyGroups(DEFAULT_CIRCUIT_POLICY).flatMap((group) => group.names);
  expect(names.toSorted()).toEqual(Object.keys(DEFAULT_CIRCUIT_POLICY).toSorted());
  for (const name of names) expect(toPolicyLabel(name)).not.toBe(name);
});

it("[WB45] shows a number it does not know under its own name, and no group without numbers", () => {
  const groups = toPolicyGroups({ windowMs: 1, somethingNewMs: 2 });
  expect(groups).toEqual([
    { title: "Opens", names: ["windowMs"] },
    { title: "Other", names: ["somethingNewMs"] },
  ]);
  expect(toPolicyLabel("somethingNewMs")).toBe("somethingNewMs");
  expect(toPolicyFullLabel("somethingNewMs")).toBe("somethingNewMs");
  expect(toPolicyFullLabel("openBaseMs")).toBe("Stays open, first time");
});

it("[WB45] gives each number the unit its name says", () => {
  expect(formatPolicyNumber("windowMs", 60_000)).toBe("1 min");
  expect(formatPolicyNumber("openBaseMs", 5_000)).toBe("5.0 s");
  expect(formatPolicyNumber("probeSpendPerDayMicroUsd", 100_000)).toBe("$0.10");
  expect(formatPolicyNumber("failureRate", 0.5)).toBe("50%");
  expect(formatPolicyNumber("jitterShare", 0.2)).toBe("20%");
  expect(formatPolicyNumber("slowFactor", 4)).toBe("4 times");
  expect(formatPolicyNumber("failureThreshold", 3)).toBe("3");
  expect(toPolicyUnit("permitTtlMs")).toBe("ms");
  expect(toPolicyUnit("globalRegions")).toBe("");
});

it("[WB46] sends only what differs, with a point or a comma", () => {
  const policy = { failureThreshold: 3, failureRate: 0.5, windowMs: 60_000 };
  const draft = { failureThreshold: " 5 ", failureRate: "0,4", windowMs: "60000" };
  expect(parsePolicyDraft(draft, policy)).toEqual({
    change: { failureThreshold: 5, failureRate: 0.4 },
    errors: {},
  });
  expect(parsePolicyDraft({}, policy)).toEqual({ change: {}, errors: {} });
});

it("[WB46] refuses what is no number", () => {
  const { change, errors } = parsePolicyDraft({ a: "", b: "many", c: "Infinity", d: "1e3" }, {});
  expect(Object.keys(errors)).toEqual(["a", "b", "c"]);
  expect(change).toEqual({ d: 1_000 });
});

it("[WB47] finds the field in the path or at the beginning of the message", () => {
  const names = ["windowMs", "bucketMs"];
  const inPath = toFieldErrors([{ path: "policy.windowMs", message: "expected number" }], names);
  expect(inPath).toEqual({ fields: { windowMs: "expected number" }, general: "" });
  const message = "windowMs: Too small: expected >=1000; bucketMs: a window needs at least two buckets";
  expect(toFieldErrors([{ path: "policy", message }], names)).toEqual({
    fields: {
      windowMs: "Too small: expected >=1000",
      bucketMs: "a window needs at least two buckets",
    },
    general: "",
  });
  const twice = toFieldErrors([{ path: "policy", message: "windowMs: too big; windowMs: odd" }], names);
  expect(twice.fields).toEqual({ windowMs: "too big odd" });
});

it("[WB47] keeps what belongs to no field", () => {
  const issues = [
    { path: "policy", message: 'policy: Unrecognized key: "x"' },
    { path: "reason", message: "Too short" },
  ];
  expect(toFieldErrors(issues, ["windowMs"])).toEqual({
    fields: {},
    general: 'policy: Unrecognized key: "x" Too short',
  });
});
