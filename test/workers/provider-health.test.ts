/**
 * The authority over a circuit in workerd: a provider breaks in the sandbox, is left alone, and comes back. Its
 * alarms and rows are in provider-health-alarms.test.ts, policy and permits in provider-health-policy.test.ts.
 */
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  act,
  healthOf,
  openConsole,
  passOpenTime,
  PROVIDERS,
  readCircuit,
  waitForStatus,
} from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { collectLog } from "./sandbox-log.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";

let admin: Visitor;
let ada: Visitor;
beforeAll(async () => {
  [admin, ada] = await Promise.all([createAdmin(), createVisitor()]);
});
beforeEach(async () => {
  await healSandbox();
  // The isolate hears of the reset with the report of its next call at the latest.
  for (const provider of PROVIDERS) await act(admin, provider, "reset", "a new test");
});

interface Served {
  readonly text: string;
  readonly provider: string | null;
  readonly status: string | undefined;
  readonly turnId: string;
  readonly reasons: readonly string[];
}

/** Asks in a chat of its own, and reads the receipt. */
async function ask(model: string): Promise<Served> {
  const chat = await ada.createChat();
  const socket = await chat.open();
  socket.ask("r1", "Please reply with one", { body: { model } });
  await socket.waitForEnd("r1");
  socket.close();
  const receipt = (await chat.readMessages())[1]?.metadata;
  return {
    text: socket.textOf("r1"),
    provider: receipt?.legs.at(-1)?.provider ?? null,
    status: receipt?.status,
    turnId: receipt?.turnId ?? "",
    reasons: receipt?.reasons ?? [],
  };
}

describe("a provider that breaks before its first word", () => {
  it("[CB27] [CB21] is replaced at once; every console hears of the open circuit within a second, with the requests behind it", async () => {
    const consoles = await Promise.all([openConsole(admin), openConsole(admin)]);
    await breakProvider("anthropic", { fault: "server-error" });
    const served = await ask("balanced");
    expect(served).toMatchObject({ text: "one", status: "complete" });
    expect(served.provider).not.toBe("anthropic");
    expect(served.reasons.join(" ")).toContain("anthropic/claude-sonnet-5 failed: server-error");
    for (const console of consoles) {
      const frame = await console.waitFor(
        (one) =>
          one.type === "circuit" &&
          one.detail.snapshot.provider === "anthropic" &&
          one.detail.snapshot.status === "OPEN",
      );
      const receivedAtMs = Date.now();
      const detail = frame.type === "circuit" ? frame.detail : null;
      const [transition] = detail?.transitions ?? [];
      expect(transition).toMatchObject({
        from: "CLOSED",
        to: "OPEN",
        requestIds: [served.turnId],
        actor: null,
        failureCount: 3,
      });
      expect(receivedAtMs - (transition?.atMs ?? 0)).toBeLessThan(1_000);
      expect(detail?.nextProbeAtMs).toBe(detail?.snapshot.openUntilMs);
      expect(detail?.recentCalls.map((call) => call.kind)).toEqual(["probe", "probe", "call"]);
      console.close();
    }
  });

  it("[CB18] gets no user's call until a probe succeeds, and then serves again", async () => {
    await breakProvider("anthropic", { fault: "overloaded" });
    await ask("balanced");
    await waitForStatus(admin, "anthropic", "OPEN");
    const before = (await readJournal("anthropic")).length;
    for (let count = 0; count < 3; count += 1) {
      const served = await ask("balanced");
      expect(served.provider).not.toBe("anthropic");
      expect(served.reasons.join(" ")).toContain("passed over: circuit OPEN");
    }
    // A probe that fails asks for no word, and opens it again for longer.
    expect(await passOpenTime("anthropic")).toBe(true);
    const still = await readCircuit(admin, "anthropic");
    expect(still.transitions.slice(0, 2).map(({ from, to }) => `${from}>${to}`)).toEqual([
      "HALF_OPEN>OPEN",
      "OPEN>HALF_OPEN",
    ]);
    expect((await readJournal("anthropic")).length).toBe(before);
    await breakProvider("anthropic", { fault: "none" });
    expect(await passOpenTime("anthropic")).toBe(true);
    expect((await readCircuit(admin, "anthropic")).snapshot).toMatchObject({
      status: "CLOSED",
      reason: "A probe went well.",
    });
    await waitUntil(
      () => ask("balanced"),
      (served) => served.provider === "anthropic",
    );
  });

  it("[CB22] leaves one log line for each transition, with the operators' fields", async () => {
    await breakProvider("google", { fault: "server-error" });
    const lines = await collectLog("circuit_transition", async () => {
      await ask("google/gemini-3.5-flash-lite");
      await waitForStatus(admin, "google", "OPEN");
      await breakProvider("google", { fault: "none" });
      await passOpenTime("google");
    });
    const ofProvider = lines.filter((line) => line["provider"] === "google");
    expect(ofProvider.map(({ level, from, to }) => [level, from, to])).toEqual([
      ["warn", "CLOSED", "OPEN"],
      ["info", "OPEN", "HALF_OPEN"],
      ["info", "HALF_OPEN", "CLOSED"],
    ]);
    for (const line of lines) {
      const { timestamp, level: _level, event: _event, ...fields } = line;
      expect(z.iso.datetime().safeParse(timestamp).success).toBe(true);
      expect(Object.keys(fields).sort()).toEqual(["failure_count", "from", "provider", "reason", "to"]);
    }
    const resets = await collectLog("circuit_reset", () => act(admin, "google", "reset", "mended"));
    expect(resets).toMatchObject([{ level: "info", provider: "google" }]);
  });

  it("[CB20] [CB21] counts versions up and numbers transitions without a gap", async () => {
    const console = await openConsole(admin);
    await breakProvider("deepseek", { fault: "refuse" });
    await ask("deepseek/deepseek-v4-flash");
    await waitForStatus(admin, "deepseek", "OPEN");
    await healSandbox();
    await passOpenTime("deepseek");
    const { transitions, snapshot } = await readCircuit(admin, "deepseek");
    const numbers = transitions.map((transition) => transition.version);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) - index));
    expect(numbers.at(-1)).toBe(1);
    await console.waitFor(
      (frame) => frame.type === "circuit" && frame.detail.snapshot.version === snapshot.version,
    );
    const versions = console.frames.flatMap((frame) =>
      frame.type === "circuit" && frame.detail.snapshot.provider === "deepseek"
        ? [frame.detail.snapshot.version]
        : [],
    );
    expect(versions).toEqual([...versions].sort((left, right) => left - right));
  });
});

describe("a person", () => {
  it("[CB23] opens a circuit, and neither time nor a probe closes it", async () => {
    const opened = await act(admin, "openai", "open", "maintenance at their side");
    expect(opened.snapshot).toMatchObject({ status: "OPEN", mode: "forced-open" });
    expect(opened.transitions[0]).toMatchObject({ actor: "admin@example.com", to: "OPEN" });
    expect(opened.transitions[0]?.reason).toBe("admin@example.com: maintenance at their side");
    await runDurableObjectAlarm(healthOf("openai"));
    expect((await readCircuit(admin, "openai")).snapshot).toMatchObject({
      status: "OPEN",
      mode: "forced-open",
    });
    await waitUntil(
      () => ask("openai/gpt-6-luna"),
      (served) => served.status === "failed",
    );
    const before = (await readJournal("openai")).length;
    expect(await ask("openai/gpt-6-luna")).toMatchObject({ status: "failed", provider: null });
    expect((await readJournal("openai")).length).toBe(before);
    const automatic = await act(admin, "openai", "auto", "they are done");
    expect(automatic.snapshot).toMatchObject({ status: "HALF_OPEN", mode: "auto" });
    await runDurableObjectAlarm(healthOf("openai"));
    await waitForStatus(admin, "openai", "CLOSED");
  });

  it("[CB23] closes a circuit, and no failure opens it", async () => {
    await act(admin, "deepseek", "close", "we know better");
    await breakProvider("deepseek", { fault: "server-error" });
    await waitUntil(
      () => readCircuit(admin, "deepseek"),
      (circuit) => circuit.snapshot.mode === "forced-closed",
    );
    const before = (await readJournal("deepseek")).length;
    for (let count = 0; count < 3; count += 1) await ask("deepseek/deepseek-v4-flash");
    expect((await readJournal("deepseek")).length).toBeGreaterThanOrEqual(before + 3);
    const circuit = await readCircuit(admin, "deepseek");
    expect(circuit.snapshot).toMatchObject({ status: "CLOSED", mode: "forced-closed" });
    expect(circuit.recentCalls.filter((call) => !call.ok).length).toBeGreaterThanOrEqual(3);
    expect((await act(admin, "deepseek", "reset", "back to normal")).snapshot).toMatchObject({
      mode: "auto",
      failureCount: 0,
    });
  });

  it.each([
    ["without a reason", "/api/v1/admin/circuits/openai/open", {}, 400],
    ["a provider that is not there", "/api/v1/admin/circuits/mistral/open", { reason: "because" }, 404],
    ["an action that is not there", "/api/v1/admin/circuits/openai/smash", { reason: "because" }, 404],
  ])("[CB23] is told what is wrong: %s", async (_, path, body, status) => {
    const before = await readCircuit(admin, "openai");
    expect((await admin.call("POST", path, body)).status).toBe(status);
    expect((await ada.call("POST", path, { reason: "because" })).status).toBe(403);
    expect((await readCircuit(admin, "openai")).snapshot.version).toBe(before.snapshot.version);
  });
});
