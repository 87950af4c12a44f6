/** The admins' live socket in workerd: who may watch, what comes first, what is pushed. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LIVE_CONSOLE_NAME } from "../../durable-objects/live-console.ts";
import { AdminLiveFrame, type CircuitDetail } from "../../src/protocol/circuit.ts";
import { openWiring } from "../../src/wiring.ts";
import { act, openConsole, PROVIDERS, readCircuit } from "./sandbox-circuits.ts";
import { healSandbox } from "./sandbox-control.ts";
import { readEnv } from "./sandbox-environment.ts";
import { createAdmin, createVisitor, Visitor } from "./sandbox-people.ts";

const liveConsole = () => env.LIVE_CONSOLE.get(env.LIVE_CONSOLE.idFromName(LIVE_CONSOLE_NAME));

let admin: Visitor;
let ada: Visitor;
beforeAll(async () => {
  [admin, ada] = await Promise.all([createAdmin(), createVisitor()]);
});
beforeEach(healSandbox);

describe("a console", () => {
  it("[CB26] is first sent every circuit as it stands", async () => {
    await act(admin, "google", "open", "for the test");
    const console = await openConsole(admin);
    const hello = await console.waitFor((frame) => frame.type === "hello");
    expect(console.frames[0]).toBe(hello);
    const circuits = hello.type === "hello" ? hello.circuits : [];
    expect(circuits.map((circuit) => circuit.snapshot.provider)).toEqual(PROVIDERS);
    expect(circuits.map((circuit) => circuit.snapshot.status)).toEqual([
      "CLOSED",
      "CLOSED",
      "OPEN",
      "CLOSED",
    ]);
    expect(circuits.every((circuit) => circuit.sandbox)).toBe(true);
    await act(admin, "google", "reset", "after the test");
  });

  it("[CB26] is sent nothing before that, and misses nothing after it", async () => {
    const later = await readCircuit(admin, "openai");
    await runInDurableObject(liveConsole(), async (instance) => {
      const wiring = openWiring(readEnv(instance));
      const read = wiring.readCircuits;
      const spy = vi.spyOn(wiring, "readCircuits").mockImplementationOnce(async () => {
        const circuits = await read();
        // A transition while the new socket waits for its first frame.
        await instance.publishCircuit({ ...later, snapshot: { ...later.snapshot, version: 1_000 } });
        return circuits;
      });
      const answer = await instance.fetch(new Request("http://object/live"));
      spy.mockRestore();
      const frames: string[] = [];
      answer.webSocket?.addEventListener("message", ({ data }) => void frames.push(String(data)));
      answer.webSocket?.accept();
      await vi.waitFor(() => expect(frames).toHaveLength(2), { interval: 5 });
      expect(frames.map((frame) => AdminLiveFrame.parse(JSON.parse(frame)))).toMatchObject([
        { type: "hello" },
        { type: "circuit", detail: { snapshot: { provider: "openai", version: 1_000 } } },
      ]);
      answer.webSocket?.close(1000, "done");
    });
  });

  it("[CB27] is told of a transition without asking, however many watch, after a sleep as well", async () => {
    const consoles = await Promise.all([openConsole(admin), openConsole(admin), openConsole(admin)]);
    for (const console of consoles) await console.waitFor((frame) => frame.type === "hello");
    await evictDurableObject(liveConsole());
    await act(admin, "deepseek", "open", "tell everybody");
    for (const console of consoles) {
      const told = await console.waitFor(
        (frame) => frame.type === "circuit" && frame.detail.snapshot.provider === "deepseek",
      );
      expect(told).toMatchObject({
        detail: { snapshot: { status: "OPEN" }, transitions: [{ actor: "admin@example.com" }] },
      });
    }
    consoles[0]?.close();
    await act(admin, "deepseek", "reset", "and again");
    await consoles[1]?.waitFor(
      (frame) => frame.type === "circuit" && frame.detail.snapshot.status === "CLOSED",
    );
  });

  it("[OP61] that used to ping and is silent is let go, and is not told what happens", async () => {
    const [{ webSocket: pings }, never] = [
      await admin.upgrade("/api/v1/admin/live"),
      await openConsole(admin),
    ];
    if (pings === null) throw new Error("no console");
    await never.waitFor((frame) => frame.type === "hello");
    const seen: string[] = [];
    pings.addEventListener("message", ({ data }) => void seen.push(String(data)));
    const closed = new Promise((resolve) => {
      pings.addEventListener("close", ({ code }) => resolve(code), { once: true });
    });
    pings.accept();
    pings.send("ping");
    await vi.waitFor(() => expect(seen).toContain("pong"), { interval: 5 });
    const detail = await readCircuit(admin, "openai");
    const told = (version: number): CircuitDetail => ({
      ...detail,
      snapshot: { ...detail.snapshot, version },
    });
    await runInDurableObject(liveConsole(), async (instance) => {
      const { clock } = openWiring(readEnv(instance));
      const real = clock.nowMs.bind(clock);
      let passedMs = 149_000;
      const spy = vi.spyOn(clock, "nowMs").mockImplementation(() => real() + passedMs);
      await instance.publishCircuit(told(2_000));
      await vi.waitFor(() => expect(seen.join()).toContain('"version":2000'), { interval: 5 });
      passedMs = 151_000;
      await instance.publishCircuit(told(2_001));
      spy.mockRestore();
    });
    expect(await closed).toBe(4409);
    expect(seen.join()).not.toContain('"version":2001');
    await never.waitFor((frame) => frame.type === "circuit" && frame.detail.snapshot.version === 2_001);
  });

  it("[CB27] sees a selection when it is on record", async () => {
    const console = await openConsole(admin);
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "Please reply with one", { body: { model: "deepseek/deepseek-v4-flash" } });
    await socket.waitForEnd("r1");
    const receipt = (await chat.readMessages())[1]?.metadata;
    const frame = await console.waitFor(
      (one) => one.type === "selection" && one.selection.id === receipt?.selectionId,
    );
    expect(frame).toMatchObject({
      selection: {
        requestId: receipt?.turnId,
        provider: "deepseek",
        status: "complete",
        mode: "pinned",
        attempts: 1,
      },
    });
  });

  it("[CB27] shows the calls of a healthy provider within a second or so", async () => {
    const console = await openConsole(admin);
    const chat = await ada.createChat();
    const socket = await chat.open();
    socket.ask("r1", "Please reply with one", { body: { model: "openai/gpt-6-luna" } });
    await socket.waitForEnd("r1");
    const turnId = (await chat.readMessages())[1]?.metadata?.turnId;
    const frame = await console.waitFor(
      (one) => one.type === "circuit" && one.detail.recentCalls.some((call) => call.requestId === turnId),
    );
    const detail = frame.type === "circuit" ? frame.detail : null;
    expect(detail?.recentCalls[0]).toMatchObject({ kind: "call", ok: true, error: "" });
    expect(detail?.firstTokenP50Ms).toBeGreaterThanOrEqual(0);
  });
});

describe("who may watch", () => {
  it("[CB26] admins alone, over an upgrade, from our own pages", async () => {
    const path = "/api/v1/admin/live";
    expect((await ada.upgrade(path)).status).toBe(403);
    expect((await new Visitor({}).upgrade(path)).status).toBe(401);
    expect((await admin.call("GET", path)).status).toBe(426);
    expect((await admin.upgrade(path, { origin: "https://evil.example" })).status).toBe(403);
    expect((await admin.upgrade(path)).status).toBe(101);
  });

  it("[CB26] frames that a console sends change nothing", async () => {
    const console = await openConsole(admin);
    console.sendText("{");
    console.send({ type: "circuit" });
    await act(admin, "google", "open", "still there");
    const told = await console.waitFor(
      (frame) => frame.type === "circuit" && frame.detail.snapshot.status === "OPEN",
    );
    expect(told).toMatchObject({ detail: { snapshot: { provider: "google" } } });
    await act(admin, "google", "reset", "after the test");
  });
});
