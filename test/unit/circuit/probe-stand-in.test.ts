/** What a probe says of a model when another one had to be asked in its place, and of one that takes no chats. */
import { describe, expect, it } from "vitest";
import type { CatalogTarget } from "../../../src/providers/catalog.ts";
import type { ProviderFailureKind } from "../../../src/providers/failure.ts";
import type { ModelCall } from "../../../src/providers/provider.ts";
import { PROBE_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { probeProvider } from "../../../src/routing/probe-provider.ts";
import { answer, createScriptedProvider, refuse, toProviderId } from "../../fakes/scripted-provider.ts";
import { HealthWorld } from "./health-world.ts";

const targetOf = (modelId: string): CatalogTarget => ({
  provider: toProviderId("ollama"),
  modelId,
  displayName: modelId,
  contextTokens: null,
  maxOutputTokens: null,
  vision: false,
  tools: false,
  reasoning: false,
  sandbox: false,
});

/** The real probe in the place of the world's; what each model answers is given. */
function createWorld(listed: readonly string[], refusals: Readonly<Record<string, ProviderFailureKind>>) {
  const world = new HealthWorld();
  const { clock } = world;
  const probed: string[] = [];
  world.probe = (_name, model, mayGenerate) => {
    const provider = {
      ...createScriptedProvider({ id: "ollama", clock, scripts: [] }),
      stream: (call: ModelCall, signal: AbortSignal) => {
        probed.push(call.modelId);
        const kind = refusals[call.modelId];
        const script = kind === undefined ? answer("OK") : [refuse(kind, { status: 400 })];
        return createScriptedProvider({ id: "ollama", clock, scripts: [script] }).stream(call, signal);
      },
    };
    const deps = {
      provider,
      targets: listed.map(targetOf),
      clock,
      deadlines: PROBE_DEADLINES,
      priceUsage: () => 10,
    };
    return probeProvider(deps, model, mayGenerate);
  };
  return { world, probed, ollama: world.object("ollama") };
}

describe("a missing model", () => {
  it("[CB49] opens only itself, also when it is the only one that the catalog lists", async () => {
    const { world, ollama } = createWorld(["llama3"], { llama3: "model-not-found" });
    await ollama.succeed("qwen3", 5);
    await ollama.fail("llama3", 1, { verdict: "fatal" });
    expect([ollama.statusOf(null), ollama.statusOf("llama3")]).toEqual(["CLOSED", "OPEN"]);
    const seen: (string | undefined)[] = [];
    for (let minute = 0; minute < 10; minute += 1) {
      await world.clock.advance(60_000);
      seen.push(ollama.statusOf(null));
    }
    expect(seen).toEqual(Array.from({ length: 10 }, () => "CLOSED"));
  });

  it("[CB49] opens only itself, also when the other one that the probe asks is missing too", async () => {
    const { world, ollama } = createWorld(["old-a", "old-b", "good"], {
      "old-a": "model-not-found",
      "old-b": "model-not-found",
    });
    await ollama.fail("old-b", 1, { verdict: "fatal" });
    await world.clock.advance(120_000);
    expect(ollama.statusOf(null)).toBe("CLOSED");
  });

  it("[CB49] of the catalog does not open a pinned model that the catalog does not list", async () => {
    const { world, ollama, probed } = createWorld(["retired", "good"], { retired: "model-not-found" });
    await ollama.succeed("pinned", 5);
    await ollama.fail("pinned", 1);
    await world.clock.advance(2_000);
    expect(probed).not.toContain("pinned");
    expect([ollama.statusOf(null), ollama.statusOf("pinned")]).toEqual(["CLOSED", "CLOSED"]);
  });

  it("[CB47] a sick model of the catalog does not open a pinned model that the catalog does not list", async () => {
    const { world, ollama } = createWorld(["sick", "good"], { sick: "server-error" });
    await ollama.succeed("pinned", 5);
    await ollama.fail("pinned", 1);
    await world.clock.advance(5_000);
    expect([ollama.statusOf(null), ollama.statusOf("pinned")]).toEqual(["CLOSED", "CLOSED"]);
  });
});

describe("a model that takes no chat", () => {
  it("[CB17] comes back after an outage", async () => {
    const { world, ollama } = createWorld(["llama3", "nomic-embed-text"], {
      "nomic-embed-text": "bad-request",
    });
    await ollama.succeed("nomic-embed-text", 5);
    await ollama.fail("nomic-embed-text", 3);
    expect(ollama.statusOf("nomic-embed-text")).toBe("OPEN");
    await world.clock.advance(3_600_000);
    expect(ollama.statusOf("nomic-embed-text")).toBe("CLOSED");
  });
});
