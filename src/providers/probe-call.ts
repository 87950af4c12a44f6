/** The small call a circuit's probe makes to see whether a model answers. It costs a fraction of a cent. Rule PR27. */
import type { CatalogTarget } from "./catalog.ts";
import type { ModelCall } from "./provider.ts";

/** Enough for "OK" and some politeness; some providers refuse fewer than 16. */
const PROBE_OUTPUT_TOKENS = 16;
/** A model that thinks spends its first tokens unseen; with 16 it ends on `length` without a word and looks ill. */
const REASONING_PROBE_OUTPUT_TOKENS = 256;

/** Builds the probe for a target. Any `finish` event counts as a sign of life, whatever its reason. */
export function toProbeCall(target: Pick<CatalogTarget, "modelId" | "reasoning">): ModelCall {
  return {
    modelId: target.modelId,
    prompt: [{ role: "user", content: [{ type: "text", text: "Reply with OK" }] }],
    maxOutputTokens: target.reasoning ? REASONING_PROBE_OUTPUT_TOKENS : PROBE_OUTPUT_TOKENS,
    ...(target.reasoning ? { reasoningEffort: "low" as const } : {}),
  };
}
