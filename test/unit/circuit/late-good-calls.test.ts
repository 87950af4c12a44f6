/** Answers that were under way when a provider stopped taking calls, and end well after that. */
import { describe, expect, it } from "vitest";
import { CircuitsDriver } from "./circuits-driver.ts";

describe("a good call that began before the failure", () => {
  it("[CB66] does not take the suspicion away, whoever's it is", () => {
    const driver = new CircuitsDriver();
    const firstTokenAtMs = driver.nowMs;
    driver.nowMs += 1_000;
    driver.call("small", "failure", { scope: "provider" });
    driver.call("large", "failure");
    driver.nowMs += 1_000;
    driver.call("small", "success", { firstTokenAtMs });
    driver.call("large", "success", { firstTokenAtMs });
    expect([driver.isSuspect(), driver.isSuspect("large")]).toEqual([true, true]);
    expect(driver.snapshot.reason).toContain("1 failure, the last");
  });

  it("[CB66] starts the count of failures anew all the same", () => {
    const driver = new CircuitsDriver();
    const firstTokenAtMs = driver.nowMs;
    driver.nowMs += 1_000;
    driver.calls("small", "failure", 2);
    driver.call("small", "success", { firstTokenAtMs });
    driver.calls("small", "failure", 2);
    expect(driver.status("small")).toBe("CLOSED");
    driver.call("small", "failure");
    expect(driver.status("small")).toBe("OPEN");
  });

  it("[CB66] one whose first token came after the failure takes it away, also when it is told of later", () => {
    const driver = new CircuitsDriver();
    driver.call("small", "failure");
    driver.nowMs += 1_000;
    const firstTokenAtMs = driver.nowMs;
    driver.nowMs += 20_000;
    driver.call("small", "success", { firstTokenAtMs });
    expect(driver.isSuspect("small")).toBe(false);
  });

  it("[CB66] a failed probe moves the moment; a clock that went back decides nothing", () => {
    const driver = new CircuitsDriver();
    driver.call("small", "failure");
    driver.nowMs += 500;
    const firstTokenAtMs = driver.nowMs;
    driver.nowMs += 500;
    driver.confirm("small", "model", "failure");
    driver.call("small", "success", { firstTokenAtMs });
    expect(driver.isSuspect("small")).toBe(true);
    driver.nowMs -= 60_000;
    driver.call("small", "success", { firstTokenAtMs });
    expect(driver.isSuspect("small")).toBe(false);
  });
});
