/**
 * A turn over two stand-ins, the first of which breaks: the real routing, adapters and clock over real TCP. Used by
 * the fault matrix and by the bench of the switch.
 */
import type { LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { FaultName } from "../../sandbox/fault.ts";
import type { SandboxProvider } from "../../sandbox/provider-wire.ts";
import { UNKNOWN_USAGE } from "../../src/protocol/answer.ts";
import { PREFILL_MODELS } from "../../src/providers/known-models.ts";
import { toProviderId, type ProviderConfig } from "../../src/providers/provider-config.ts";
import type { NativeRequest } from "../../src/providers/provider.ts";
import { createProviderRegistry } from "../../src/providers/registry.ts";
import { DEFAULT_BACKOFF } from "../../src/routing/backoff.ts";
import { DEFAULT_DEADLINES } from "../../src/routing/attempt/deadlines.ts";
import { DEFAULT_RETRY_LIMITS } from "../../src/routing/next-action.ts";
import { decidePlan } from "../../src/routing/ranking/plan.ts";
import { UNKNOWN_ABILITIES } from "../../src/routing/ranking/request-needs.ts";
import { runPlan, type AnswerEnd, type AnswerEvent } from "../../src/routing/run-plan.ts";
import { systemClock } from "../../src/system.ts";
import { RecordingLog } from "../fakes/recording-log.ts";

export interface MatrixTarget {
  readonly provider: SandboxProvider;
  readonly model: string;
}

/** Every wire, and of Anthropic's one model that takes a prefill and one that refuses it. */
export const MATRIX_TARGETS: readonly MatrixTarget[] = [
  { provider: "anthropic", model: "claude-sonnet-5" },
  { provider: "anthropic", model: "claude-haiku-4-5" },
  { provider: "openai", model: "gpt-6-luna" },
  { provider: "google", model: "gemini-3.8-flash" },
  { provider: "deepseek", model: "deepseek-v4-flash" },
];

export const nameOf = ({ provider, model }: MatrixTarget): string => `${provider}/${model}`;

export function listPairs(): (readonly [MatrixTarget, MatrixTarget])[] {
  return MATRIX_TARGETS.flatMap((first) =>
    MATRIX_TARGETS.filter((second) => second.provider !== first.provider).map(
      (second) => [first, second] as const,
    ),
  );
}

const CONFIGS: Readonly<
  Record<SandboxProvider, Pick<ProviderConfig, "wire" | "dialect"> & { path: string }>
> = {
  anthropic: { wire: "anthropic", dialect: "openai", path: "/anthropic/v1" },
  openai: { wire: "openai-chat", dialect: "openai", path: "/openai/v1" },
  google: { wire: "google", dialect: "openai", path: "/google/v1beta" },
  deepseek: { wire: "openai-chat", dialect: "deepseek", path: "/deepseek/v1" },
};

export interface BrokenTurn {
  readonly sandboxUrl: string;
  readonly testId: string;
  readonly order: readonly MatrixTarget[];
  readonly prompt: LanguageModelV4Prompt;
  readonly tools?: readonly LanguageModelV4FunctionTool[];
  readonly native?: NativeRequest;
  /** Between two tokens; a stall is noticed by it. Milliseconds. */
  readonly gapMs: number;
}

export interface CollectedTurn {
  readonly end: AnswerEnd;
  readonly text: string;
  readonly events: readonly AnswerEvent[];
  /** When each leg first showed a text, milliseconds since the turn began; legs that showed none are left out. */
  readonly shownAtMs: readonly number[];
}

export async function breakStandIn(
  turn: Pick<BrokenTurn, "sandboxUrl" | "testId">,
  provider: SandboxProvider,
  fault: { readonly fault: FaultName; readonly afterChunks: number; readonly times?: number },
): Promise<void> {
  const answer = await fetch(`${turn.sandboxUrl}/control/${provider}`, {
    method: "PUT",
    headers: { "content-type": "application/json", "x-test-id": turn.testId },
    body: JSON.stringify(fault),
  });
  if (!answer.ok) throw new Error(`no fault: ${answer.status} ${await answer.text()}`);
}

/** Runs the turn to its end; what was reported and logged is dropped. */
export async function runBrokenTurn(turn: BrokenTurn): Promise<CollectedTurn> {
  const registry = createProviderRegistry(toConfigs(turn), {
    nowMs: () => Date.now(),
    fetch: (url, init) => {
      const headers = new Headers(init.headers);
      headers.set("x-test-id", turn.testId);
      return fetch(url, { ...init, headers });
    },
  });
  const startedMs = Date.now();
  const planned = decidePlan({
    requested: turn.order.map(({ provider, model }) => ({
      type: "pinned",
      target: { provider: toProviderId(provider), model, abilities: UNKNOWN_ABILITIES, weight: null },
    })),
    unspecified: false,
    configured: new Set(turn.order.map(({ provider }) => toProviderId(provider))),
    readCircuit: () => null,
    readPrice: () => null,
    needs: { vision: false, tools: false, inputTokens: 10, outputTokens: null },
    nowMs: startedMs,
    lastProvider: null,
    selectionId: "sel_matrix",
    policy: "priority",
  });
  if (!planned.ok) throw new Error(planned.error.message);
  const answer = runPlan(
    {
      clock: systemClock,
      random: () => 0.5,
      log: new RecordingLog(),
      findProvider: (id) => registry.find(id),
      readCircuit: () => null,
      reportOutcome: () => {},
      priceUsage: (_, usage) => (usage === UNKNOWN_USAGE ? null : 1),
      limits: DEFAULT_RETRY_LIMITS,
      backoff: DEFAULT_BACKOFF,
      deadlines: { ...DEFAULT_DEADLINES, gapMs: turn.gapMs, firstTokenMs: 5_000 },
      retryBudget: new Map(),
      hedgeBudget: null,
      takesPrefill: ({ provider, model }) => PREFILL_MODELS.has(`${provider}/${model}`),
    },
    {
      plan: planned.value,
      call: {
        prompt: turn.prompt,
        ...(turn.tools === undefined ? {} : { tools: turn.tools }),
        ...(turn.native === undefined ? {} : { native: turn.native }),
      },
      requestId: "req_matrix",
      requested: turn.order.map(nameOf),
      startedMs,
      signal: new AbortController().signal,
    },
  );
  return collect(answer, startedMs);
}

function toConfigs({ sandboxUrl, order }: BrokenTurn): ProviderConfig[] {
  return [...new Set(order.map(({ provider }) => provider))].map((provider) => {
    const { path, ...wire } = CONFIGS[provider];
    return {
      id: toProviderId(provider),
      displayName: provider,
      ...wire,
      baseUrl: sandboxUrl + path,
      apiKey: "matrix-key",
      sandbox: true,
      models: [],
    };
  });
}

async function collect(
  answer: AsyncIterable<readonly AnswerEvent[]>,
  startedMs: number,
): Promise<CollectedTurn> {
  const events: AnswerEvent[] = [];
  const shownAtMs: number[] = [];
  let isNewLeg = false;
  for await (const batch of answer) {
    for (const event of batch) {
      if (event.type === "leg-start") isNewLeg = true;
      if (event.type === "text-delta" && isNewLeg) {
        isNewLeg = false;
        shownAtMs.push(Date.now() - startedMs);
      }
      events.push(event);
    }
  }
  const end = events.at(-1);
  if (end?.type !== "answer-end") throw new Error("an answer without an end");
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { end, text, events, shownAtMs };
}
