import { expect, it } from "vitest";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { toCallOutcome } from "../../../src/routing/call-outcome.ts";
import { toProviderId } from "../../fakes/scripted-provider.ts";
import { CircuitsDriver } from "./circuits-driver.ts";

it("[CB15] [CB66] an answer in one piece that was under way before the failure clears nothing", () => {
  const driver = new CircuitsDriver();
  const startedMs = driver.nowMs;
  driver.nowMs += 20_000;
  driver.call("small", "failure");
  driver.nowMs += 1_000;
  const outcome = toCallOutcome(
    {
      target: { provider: toProviderId("openai"), model: "small" },
      attempt: 1,
      failure: null,
      finishReason: "stop",
      native: [],
      hadContent: true,
      turnOver: false,
      isWhole: true,
      tokensPerSecond: null,
      record: {
        provider: "openai",
        model: "small",
        startedAtMs: 0,
        durationMs: driver.nowMs - startedMs,
        firstTokenMs: null,
        outcome: "success",
        error: null,
        hedge: false,
        usage: UNKNOWN_USAGE,
        costMicroUsd: null,
      },
    },
    "req_1",
    driver.nowMs,
  );
  driver.apply({ type: "call-end", outcome });
  expect(driver.isSuspect("small")).toBe(true);
});
