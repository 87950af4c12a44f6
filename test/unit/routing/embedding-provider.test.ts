/** Embeddings in the place of words: what of them outlives a failed call of the same request. */
import { describe, expect, it } from "vitest";
import { fail, succeed } from "../../../src/base/result.ts";
import { UNKNOWN_USAGE } from "../../../src/protocol/answer.ts";
import type { EmbedCall, Embedder } from "../../../src/providers/embedder.ts";
import type { ModelEvent } from "../../../src/providers/provider.ts";
import type { Vector } from "../../../src/providers/vector.ts";
import { DEFAULT_DEADLINES } from "../../../src/routing/attempt/deadlines.ts";
import { toEmbeddingDeps } from "../../../src/routing/embedding-provider.ts";
import { createScriptedProvider, failureOf, toProviderId } from "../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

const TEXTS = ["one two three four", "five", "six"];

/** Gives one vector more in each call, and fails until it has them all. */
function createWorld() {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const given: (readonly Vector[])[] = [];
  const embedder: Embedder = {
    async embed({ modelId, texts, kept = [] }: EmbedCall) {
      asked.push(`${modelId} ${kept.length}`);
      kept.push([kept.length]);
      return kept.length < texts.length
        ? fail(failureOf("server-error"))
        : succeed({ vectors: kept, usage: UNKNOWN_USAGE });
    },
  };
  const { findProvider } = toEmbeddingDeps(
    {
      findProvider: (id) => createScriptedProvider({ id, clock, scripts: [[]] }),
      deadlines: DEFAULT_DEADLINES,
      hedgeBudget: null,
    },
    () => embedder,
    { texts: TEXTS, format: "float", keep: (vectors) => given.push(vectors) },
  );
  const call = async (provider: string, modelId: string): Promise<ModelEvent | undefined> => {
    const found = findProvider(toProviderId(provider));
    if (found === null) throw new Error("it is set up");
    const events: ModelEvent[] = [];
    const { signal } = new AbortController();
    for await (const batch of found.stream({ modelId, prompt: [] }, signal)) events.push(...batch);
    return events.at(-1);
  };
  return { asked, given, call };
}

describe("embeddings that fail in the middle", () => {
  it("[PR140] go on at the same target behind what came, and begin again at another", async () => {
    const { asked, given, call } = createWorld();
    await call("google", "m");
    await call("google", "m");
    await call("google", "other");
    await call("openai", "m");
    expect(await call("google", "m")).toMatchObject({ type: "finish" });
    expect(asked).toEqual(["m 0", "m 1", "other 0", "m 0", "m 2"]);
    expect(given).toEqual([[[0], [1], [2]]]);
  });

  it("[PR140] [RT67] cost what came, by an estimate of its tokens, each text once", async () => {
    const { call } = createWorld();
    const usage = { ...UNKNOWN_USAGE, outputTokens: 0 };
    expect(await call("google", "m")).toMatchObject({ type: "fail", usage: { ...usage, inputTokens: 5 } });
    expect(await call("google", "m")).toMatchObject({ type: "fail", usage: { ...usage, inputTokens: 1 } });
  });
});
