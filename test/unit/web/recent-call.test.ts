/** The calls on a circuit's card. Rules WB49 and WB50. */
import { expect, it } from "vitest";
import type { CircuitCall } from "../../../src/protocol/circuit.ts";
import { MAX_CALLS, mergeCalls, toCallsSummary, toCallTone } from "../../../web/admin/recent-call.ts";
import { VERDICT_OF_FAILURE } from "../../../src/routing/health-verdict.ts";

function makeCall(changes: Partial<CircuitCall> = {}): CircuitCall {
  return {
    atMs: 1,
    kind: "call",
    model: "m",
    ok: false,
    latencyMs: 1,
    error: "",
    requestId: null,
    ...changes,
  };
}

it("[WB49] draws as a failure exactly what the circuit takes for one", () => {
  const toneOf = {
    failure: "bad",
    fatal: "bad",
    "rate-limited": "pause",
    neutral: "neutral",
    success: "good",
  };
  for (const [kind, verdict] of Object.entries(VERDICT_OF_FAILURE)) {
    expect([kind, toCallTone(makeCall({ error: `${kind}: whatever it said` }))]).toEqual([
      kind,
      toneOf[verdict],
    ]);
  }
  expect(toCallTone(makeCall({ ok: true }))).toBe("good");
  expect(toCallTone(makeCall({ error: "" }))).toBe("bad");
});

it("[WB49] counts only failures as failed", () => {
  const limited = makeCall({ error: "rate-limited: HTTP 429" });
  expect(toCallsSummary([limited])).toBe("The last call or probe, none failed");
  expect(toCallsSummary([limited, makeCall({ error: "timeout: no headers" }), makeCall({ ok: true })])).toBe(
    "Last 3 calls and probes, 1 failed",
  );
  expect(toCallsSummary([])).toBe("No calls lately");
});

it("[WB50] has each call once, newest first, as many as a card carries", () => {
  const known = [makeCall({ atMs: 2 }), makeCall({ atMs: 1 })];
  const came = [makeCall({ atMs: 3 }), makeCall({ atMs: 2 })];
  expect(mergeCalls(known, came).map(({ atMs }) => atMs)).toEqual([3, 2, 1]);
  const two = [makeCall({ atMs: 5, requestId: "a" }), makeCall({ atMs: 5, requestId: "b" })];
  expect(mergeCalls([], two)).toHaveLength(2);
  const many = Array.from({ length: MAX_CALLS + 5 }, (_, index) => makeCall({ atMs: index }));
  expect(mergeCalls(many, [makeCall({ atMs: 99 })])).toHaveLength(MAX_CALLS);
});
