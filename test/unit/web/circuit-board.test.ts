/** The console's picture of the circuits and its tail of selections. Rules WB20 to WB25. */
import { describe, expect, it } from "vitest";
import { CircuitDetail } from "../../../src/protocol/circuit.ts";
import type { CircuitCall, CircuitList, SelectionTail } from "../../../src/protocol/circuit.ts";
import type { SelectionRecord } from "../../../src/protocol/selection.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import { applyBoardEvent, EMPTY_BOARD, isClosedForGood, MAX_TAIL } from "../../../web/admin/circuit-board.ts";
import type { BoardEvent, BoardState } from "../../../web/admin/circuit-board.ts";
import { toEntries } from "../../../web/admin/selection-entry.ts";

function makeDetail(provider: string, version: number, reason = "fine"): CircuitDetail {
  // Parsed as the page parses it, so that a field with a default need not be named here.
  return CircuitDetail.parse({
    snapshot: {
      provider,
      version,
      status: "CLOSED",
      mode: "auto",
      suspect: false,
      openUntilMs: null,
      coolDownUntilMs: null,
      reason,
      failureCount: 0,
      failureThreshold: 5,
      changedAtMs: 0,
    },
    recentCalls: [],
    transitions: [
      {
        version,
        provider,
        from: "OPEN",
        to: "CLOSED",
        atMs: version * 10,
        reason,
        failureCount: 0,
        requestIds: [],
        actor: null,
      },
    ],
    firstTokenP50Ms: null,
    firstTokenP95Ms: null,
    nextProbeAtMs: null,
    sandbox: false,
  });
}

function makeCall(atMs: number): CircuitCall {
  return { atMs, kind: "call", model: "m", ok: true, latencyMs: 1, error: "", requestId: `req_${atMs}` };
}

function makeTail(id: string, atMs: number, provider = "openai"): SelectionTail {
  return {
    id,
    requestId: `req_${id}`,
    atMs,
    provider,
    model: "m",
    status: "complete",
    intent: "chat",
    mode: "class",
    attempts: 1,
    firstTokenMs: 1,
    costMicroUsd: 1,
  };
}

function makeRecord(id: string, atMs: number): SelectionRecord {
  const nothing = {
    candidates: [],
    decision: null,
    attempts: [],
    requested: ["fast"],
    usage: UNKNOWN_USAGE,
    affinity: false,
    sandbox: false,
  };
  const who = { organizationId: "o", userId: "u", sessionId: null, turnId: null };
  const what = { mode: "class", intent: "chat", status: "complete", provider: "openai", model: "m" } as const;
  const figures = { firstTokenMs: 1, durationMs: 1, costMicroUsd: 1 };
  return {
    id,
    requestId: `req_${id}`,
    createdAt: new Date(atMs).toISOString(),
    ...nothing,
    ...who,
    ...what,
    ...figures,
  };
}

const hello = (circuits: CircuitDetail[], unreachable: string[] = []): BoardEvent => ({
  type: "frame",
  frame: { type: "hello", circuits, unreachable, serverTimeMs: 0 },
  nowMs: 0,
});
const listOf = (circuits: CircuitDetail[], unreachable: string[] = []): CircuitList => ({
  circuits,
  unreachable,
  serverTimeMs: 0,
});
const circuit = (detail: CircuitDetail): BoardEvent => ({
  type: "frame",
  frame: { type: "circuit", detail, serverTimeMs: 0 },
  nowMs: 0,
});
const selection = (tail: SelectionTail): BoardEvent => ({
  type: "frame",
  frame: { type: "selection", selection: tail },
  nowMs: 0,
});
const run = (events: readonly BoardEvent[], from: BoardState = EMPTY_BOARD) =>
  events.reduce(applyBoardEvent, from);
const versions = (state: BoardState) =>
  state.circuits?.map(({ snapshot }) => [snapshot.provider, snapshot.version]);

describe("circuits", () => {
  it("[WB20] keeps the newer version; the same version may bring newer calls", () => {
    const state = run([hello([makeDetail("openai", 5)]), circuit(makeDetail("openai", 4, "late"))]);
    expect(versions(state)).toEqual([["openai", 5]]);
    expect(state.circuits?.[0]?.snapshot.reason).toBe("fine");
    expect(run([circuit(makeDetail("openai", 5, "calls"))], state).circuits?.[0]?.snapshot.reason).toBe(
      "calls",
    );
  });

  it("[WB21] shows a frame that leaves versions out, and one of a circuit it did not know", () => {
    const state = run([hello([makeDetail("openai", 5)]), circuit(makeDetail("openai", 8, "much later"))]);
    expect(versions(state)).toEqual([["openai", 8]]);
    expect(state.circuits?.[0]?.snapshot.reason).toBe("much later");
    expect(versions(run([circuit(makeDetail("google", 9))], state))).toEqual([
      ["google", 9],
      ["openai", 8],
    ]);
  });

  it("[WB50] keeps the calls it has seen when the circuit wakes up without them", () => {
    const before = {
      ...makeDetail("openai", 5),
      recentCalls: [makeCall(2), makeCall(1)],
      firstTokenP50Ms: 9,
    };
    const after = { ...makeDetail("openai", 6), recentCalls: [makeCall(3)] };
    const calls = (state: BoardState) => state.circuits?.[0]?.recentCalls.map(({ atMs }) => atMs);
    const awake = run([hello([before]), circuit(after)]);
    expect(calls(awake)).toEqual([3, 2, 1]);
    expect(awake.circuits?.[0]?.firstTokenP50Ms).toBe(9);
    expect(calls(run([{ type: "list", list: listOf([after]), nowMs: 0 }], awake))).toEqual([3, 2, 1]);
    expect(calls(run([hello([after])], awake))).toEqual([3, 2, 1]);
  });

  it("[WB22] takes a hello as it is, a REST answer only where it is not older", () => {
    const state = run([hello([makeDetail("openai", 5), makeDetail("anthropic", 2)])]);
    expect(versions(state)).toEqual([
      ["anthropic", 2],
      ["openai", 5],
    ]);
    const list = listOf([makeDetail("openai", 4), makeDetail("anthropic", 3)]);
    expect(versions(run([{ type: "list", list, nowMs: 0 }], state))).toEqual([
      ["anthropic", 3],
      ["openai", 5],
    ]);
    expect(versions(run([hello([makeDetail("openai", 1)])], state))).toEqual([["openai", 1]]);
  });

  it("[OP62] shows what was known last of a circuit that nobody has word of, and says so until there is one", () => {
    const known = run([hello([makeDetail("openai", 5), makeDetail("google", 2)])]);
    const some = [makeDetail("google", 3)];
    for (const event of [
      hello(some, ["openai", "deepseek"]),
      { type: "list", list: listOf(some, ["openai", "deepseek"]), nowMs: 0 } as const,
    ]) {
      const blind = run([event], known);
      expect(versions(blind)).toEqual([
        ["google", 3],
        ["openai", 5],
      ]);
      expect(blind.unreachable).toEqual(["openai", "deepseek"]);
      expect(run([circuit(makeDetail("openai", 6))], blind).unreachable).toEqual(["deepseek"]);
      expect(run([hello(some)], blind)).toMatchObject({ circuits: some, unreachable: [] });
    }
  });

  it("[WB23] knows how far the server's clock is from ours", () => {
    const late: BoardEvent = {
      type: "frame",
      frame: { type: "hello", circuits: [], unreachable: [], serverTimeMs: 10_500 },
      nowMs: 10_000,
    };
    expect(run([late])).toMatchObject({ clockOffsetMs: 500, connection: "live" });
    const list: BoardEvent = {
      type: "list",
      list: { ...listOf([]), serverTimeMs: 9_000 },
      nowMs: 10_000,
    };
    expect(run([late, list]).clockOffsetMs).toBe(-1_000);
  });

  it("[WB24] has each selection once, newest first, at most a hundred", () => {
    const state = run([
      selection(makeTail("a", 1)),
      selection(makeTail("b", 2)),
      selection(makeTail("a", 1)),
    ]);
    expect(state.tail.map(({ id }) => id)).toEqual(["a", "b"]);
    const many = Array.from({ length: MAX_TAIL + 20 }, (_, index) => selection(makeTail(`s${index}`, index)));
    const full = run(many).tail;
    expect(full).toHaveLength(100);
    expect(full[0]?.id).toBe("s119");
  });
});

describe("selection rows", () => {
  const ALL = { provider: "", status: "", requestId: "" };
  it("[WB25] shows the stored record in place of what was told live", () => {
    const entries = toEntries(
      [makeRecord("a", 1_000)],
      [makeTail("b", 2_000), makeTail("a", 1_000)],
      ALL,
      false,
    );
    expect(entries.map(({ tail, record }) => [tail.id, record !== null])).toEqual([
      ["b", false],
      ["a", true],
    ]);
    expect(entries[1]?.tail).toMatchObject({ id: "a", requestId: "req_a", atMs: 1_000, attempts: 0 });
  });

  it("[WB25] shows only what passes the filter, stored or live", () => {
    const live = [makeTail("b", 2_000, "google"), makeTail("c", 3_000)];
    expect(
      toEntries([makeRecord("a", 1)], live, { ...ALL, provider: "google" }, false).map(({ tail }) => tail.id),
    ).toEqual(["b"]);
    expect(toEntries([makeRecord("a", 1)], live, { ...ALL, status: "failed" }, false)).toEqual([]);
    const ofRequest = { ...ALL, requestId: "req_c" };
    expect(toEntries([makeRecord("a", 1)], live, ofRequest, false).map(({ tail }) => tail.id)).toEqual(["c"]);
  });

  it("[WB25] leaves out what is older than the last row while there are older pages", () => {
    const live = [makeTail("old", 500)];
    expect(toEntries([makeRecord("a", 1_000)], live, ALL, true).map(({ tail }) => tail.id)).toEqual(["a"]);
    expect(toEntries([makeRecord("a", 1_000)], live, ALL, false).map(({ tail }) => tail.id)).toEqual([
      "a",
      "old",
    ]);
  });
});

describe("a console that was closed", () => {
  it("[AU32] asks who is there when it was for good, and comes back when it was not", () => {
    expect([4401, 4403].map(isClosedForGood)).toEqual([true, true]);
    expect([1000, 1006, 1012, 1013, 4404].map(isClosedForGood)).toEqual([false, false, false, false, false]);
  });
});
