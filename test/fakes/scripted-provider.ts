/**
 * A provider that plays a script on a virtual clock and remembers what was done to it. It keeps the seam's promises
 * (src/providers/provider.ts) unless a step says otherwise: `forget` and `throw` are adapters with a bug.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { ProviderId } from "../../src/base/id.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../src/protocol/answer.ts";
import type { FailurePhase, ProviderFailure, ProviderFailureKind } from "../../src/providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../../src/providers/provider.ts";

export type ScriptStep =
  | { readonly type: "batch"; readonly events: readonly ModelEvent[] }
  | { readonly type: "pause"; readonly durationMs: number }
  /** Waits until the call is aborted. */
  | { readonly type: "hang" }
  /** Ends without a terminal event. */
  | { readonly type: "forget" }
  | { readonly type: "throw"; readonly message: string };

export interface RecordedCall {
  readonly call: ModelCall;
  readonly atMs: number;
  readonly signal: AbortSignal;
  /** The signal was aborted before the script was over. */
  aborted: boolean;
  /** Nothing of the call is open any more: it ended, was aborted, or was left. */
  closed: boolean;
}

export interface ScriptedProvider extends Provider {
  readonly calls: readonly RecordedCall[];
  readonly pings: readonly number[];
}

export interface ScriptedProviderOptions {
  readonly id: string;
  readonly clock: Clock;
  /** The script of each call; the last one is played again for every further call. */
  readonly scripts: readonly (readonly ScriptStep[])[];
  /** What listing models gives: null for well, a failure, or a ping that waits until it is aborted. */
  readonly ping?: ProviderFailure | null | "hang";
  /** What an abort ends with, for adapters that take their own abort for a fault of the connection. */
  readonly abortKind?: ProviderFailureKind;
  /** What the provider had counted when a call is aborted. */
  readonly abortUsage?: TokenUsage;
}

// The brand is made where configuration is parsed; a test names its providers itself.
export const toProviderId = (id: string): ProviderId => id as ProviderId;

export function failureOf(
  kind: ProviderFailureKind,
  changes: Partial<ProviderFailure> = {},
): ProviderFailure {
  return {
    kind,
    phase: "connect",
    status: null,
    retryAfterMs: null,
    message: `scripted ${kind}`,
    ...changes,
  };
}

export const COUNTED_USAGE: TokenUsage = { ...UNKNOWN_USAGE, inputTokens: 10, outputTokens: 5 };

export const pause = (durationMs: number): ScriptStep => ({ type: "pause", durationMs });
export const hang: ScriptStep = { type: "hang" };
export const begin: ScriptStep = { type: "batch", events: [{ type: "response-start" }] };
export const say = (...texts: readonly string[]): ScriptStep => ({
  type: "batch",
  events: texts.map((text) => ({ type: "text-delta", text })),
});
export const finish = (usage: TokenUsage = COUNTED_USAGE): ScriptStep => ({
  type: "batch",
  events: [{ type: "finish", finishReason: "stop", usage }],
});
export const refuse = (
  kind: ProviderFailureKind,
  changes: Partial<ProviderFailure> = {},
  usage: TokenUsage = UNKNOWN_USAGE,
): ScriptStep => ({ type: "batch", events: [{ type: "fail", failure: failureOf(kind, changes), usage }] });
/** A whole good answer. */
export const answer = (text: string): readonly ScriptStep[] => [begin, say(text), finish()];

export function createScriptedProvider(options: ScriptedProviderOptions): ScriptedProvider {
  const { clock, scripts } = options;
  const calls: RecordedCall[] = [];
  const pings: number[] = [];
  return {
    id: toProviderId(options.id),
    calls,
    pings,
    stream(call, signal) {
      const record: RecordedCall = { call, atMs: clock.nowMs(), signal, aborted: false, closed: false };
      const script = scripts[Math.min(calls.length, scripts.length - 1)] ?? [];
      calls.push(record);
      return play(script, record, signal, options);
    },
    async ping(signal) {
      pings.push(clock.nowMs());
      if (options.ping !== "hang") return options.ping ?? null;
      await untilAborted(signal);
      return failureOf("cancelled");
    },
  };
}

async function* play(
  script: readonly ScriptStep[],
  record: RecordedCall,
  signal: AbortSignal,
  { clock, abortKind = "cancelled", abortUsage = UNKNOWN_USAGE }: ScriptedProviderOptions,
): AsyncGenerator<readonly ModelEvent[], void, undefined> {
  let phase: FailurePhase = "connect";
  try {
    for (const step of script) {
      if (!signal.aborted && step.type === "pause") await clock.sleep(step.durationMs, signal);
      if (step.type === "hang") await untilAborted(signal);
      if (signal.aborted) {
        record.aborted = true;
        yield [{ type: "fail", failure: failureOf(abortKind, { phase }), usage: abortUsage }];
        return;
      }
      if (step.type === "throw") throw new Error(step.message);
      if (step.type === "forget") return;
      if (step.type !== "batch") continue;
      phase = step.events.some((event) => event.type === "response-start") ? "first-token" : "stream";
      yield step.events;
    }
  } finally {
    record.closed = true;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
