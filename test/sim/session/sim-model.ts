/**
 * A provider of the simulated chat: speaks the one true answer to each question, or what its manner makes of it, and
 * goes on with answers that others began. It keeps a book of its own of every call. It keeps the seam's promises
 * (src/providers/provider.ts).
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { ProviderId } from "../../../src/base/id.ts";
import type { Random } from "../../../src/base/random.ts";
import { UNKNOWN_USAGE, type TokenUsage } from "../../../src/protocol/answer.ts";
import type { FailurePhase } from "../../../src/providers/failure.ts";
import type { ModelCall, ModelEvent, Provider } from "../../../src/providers/provider.ts";
import { lognormal } from "../distributions.ts";
import { drawManner, toFailure, type Manner, type SpeakingManner } from "./model-manner.ts";
import { readModelPrompt, type ModelPrompt } from "./model-prompt.ts";
import { toPieces, toScript, type ScriptStep, type ToolName } from "./sim-text.ts";

/** One line in the provider's own book. */
export interface BookedCall {
  readonly provider: string;
  readonly model: string;
  /** Which life of the object asked, and for which selection and turn (null: for the chat itself). */
  readonly life: number;
  readonly selectionId: string;
  readonly turnId: string | null;
  readonly startedAtMs: number;
  readonly manner: Manner;
  readonly prompt: ModelPrompt;
  /** How it ended; `lost` with the life of the object that had asked. */
  end: "open" | "whole" | "empty" | "failed" | "cancelled" | "lost";
  endedAtMs: number | null;
  /** What the caller was told it used; null while it was told nothing. */
  told: TokenUsage | null;
  /** It gave words or thoughts. */
  spoke: boolean;
}

/** Who asks, and by which clock the call lives. */
export interface ModelCaller {
  readonly clock: Clock;
  readonly life: number;
  readonly selectionId: string;
  readonly turnId: string | null;
}

export interface SimModelDeps {
  readonly id: ProviderId;
  readonly random: Random;
  /** The book of all providers together. */
  readonly book: BookedCall[];
  /** From 0 (all is well) to 1, at this moment. */
  readonly readTrouble: () => number;
  readonly onBug: (bug: string) => void;
}

const CHARACTERS_PER_TOKEN = 4;

export class SimModel {
  readonly id: ProviderId;
  private readonly deps: SimModelDeps;
  private calls = 0;

  constructor(deps: SimModelDeps) {
    this.id = deps.id;
    this.deps = deps;
  }

  seenBy(caller: ModelCaller): Provider {
    return {
      id: this.id,
      stream: (call, signal) => this.play(this.enter(caller, call), caller.clock, signal),
      ping: async () => null,
    };
  }

  /** The object died: nobody hears the rest of its calls. */
  loseCalls(life: number, nowMs: number): void {
    for (const entry of this.deps.book) {
      if (entry.provider === this.id && entry.life === life && entry.end === "open")
        close(entry, "lost", nowMs);
    }
  }

  private enter(caller: ModelCaller, call: ModelCall): BookedCall {
    const prompt = readModelPrompt(call.prompt);
    const { clock, life, selectionId, turnId } = caller;
    if (!toStep(prompt).text.startsWith(prompt.told)) {
      this.deps.onBug(`${this.id} is asked to go on with "${prompt.told.slice(-40)}", which nobody has said`);
    }
    const entry: BookedCall = {
      provider: this.id,
      model: call.modelId,
      life,
      selectionId,
      turnId,
      startedAtMs: clock.nowMs(),
      manner: drawManner({
        random: this.deps.random,
        trouble: this.deps.readTrouble(),
        isContinued: prompt.told !== "",
        isPrefill: prompt.isPrefill,
        toldCharacters: prompt.told.length,
      }),
      prompt,
      end: "open",
      endedAtMs: null,
      told: null,
      spoke: false,
    };
    this.deps.book.push(entry);
    return entry;
  }

  /** A call of a tool, whose only argument is its own id: nobody else has it. */
  private toCall(toolName: ToolName): ModelEvent[] {
    this.calls += 1;
    const toolCallId = `call-${this.id}-${this.calls}`;
    const input = JSON.stringify({ id: toolCallId });
    return [
      { type: "tool-input-start", toolCallId, toolName },
      { type: "tool-input-delta", toolCallId, text: input },
      { type: "tool-call", toolCallId, toolName, input },
    ];
  }

  private async *play(
    entry: BookedCall,
    clock: Clock,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ModelEvent[], void, undefined> {
    const { manner } = entry;
    let phase: FailurePhase = "connect";
    let said = 0;
    try {
      for (const step of this.toSteps(entry, manner)) {
        if (step.afterMs === null) await untilAborted(signal);
        else await clock.sleep(step.afterMs, signal);
        if (signal.aborted) {
          if (manner.type === "speak" && manner.heedsAfterMs > 0) await clock.sleep(manner.heedsAfterMs);
          yield finish(entry, "cancelled", clock, {
            type: "fail",
            failure: toFailure("cancelled", phase),
            usage: toUsage(entry, phase, said),
          });
          return;
        }
        const last = step.events.at(-1);
        if (last?.type === "response-start") phase = "first-token";
        for (const event of step.events) if ("text" in event) said += event.text.length;
        if (said > 0) phase = "stream";
        if (last?.type === "fail") {
          yield finish(entry, "failed", clock, { ...last, usage: toUsage(entry, last.failure.phase, said) });
        } else if (last?.type === "finish") {
          const usage = toTokens(entry.prompt, said);
          yield finish(entry, said === 0 ? "empty" : "whole", clock, { ...last, usage });
        } else {
          if (said > 0) entry.spoke = true;
          yield step.events;
        }
      }
    } finally {
      if (entry.end === "open") close(entry, "cancelled", clock.nowMs());
    }
  }

  private toSteps(entry: BookedCall, manner: Manner): Step[] {
    const end: FinishEvent = { type: "finish", finishReason: "stop", usage: UNKNOWN_USAGE };
    const start: ModelEvent = { type: "response-start" };
    switch (manner.type) {
      case "refuse":
        return [
          {
            afterMs: manner.afterMs,
            events: [{ type: "fail", failure: manner.failure, usage: UNKNOWN_USAGE }],
          },
        ];
      case "hang":
        return [...(manner.phase === "connect" ? [] : [{ afterMs: 60, events: [start] }]), HANG];
      case "empty":
        return [
          { afterMs: 60, events: [start] },
          { afterMs: 10, events: [end] },
        ];
      case "speak":
        return [{ afterMs: manner.headersMs, events: [start] }, ...this.toSpeech(entry, manner, end)];
    }
  }

  private toSpeech({ prompt }: BookedCall, manner: SpeakingManner, end: FinishEvent): Step[] {
    const { random } = this.deps;
    const { text: whole, tools } = toStep(prompt);
    const text = toSpokenText(prompt, whole, manner);
    const said = manner.breakAfter === null ? text : cutAt(text, manner.breakAfter);
    const thoughts = Array.from({ length: manner.thoughts }, (_, index): ModelEvent => ({
      type: "reasoning-delta",
      text: `Thought ${index}. `,
    }));
    const words = toPieces(said, toPieceCharacters(text.length), random).map((piece): ModelEvent => ({
      type: "text-delta",
      text: piece,
    }));
    const steps: Step[] = [];
    const pieces = [...thoughts, ...words];
    const gap = lognormal(manner.gapMs, 0.6);
    for (let at = 0; at < pieces.length; at += manner.piecesAtOnce) {
      const afterMs = at === 0 ? manner.firstMs : gap(random);
      steps.push({ afterMs, events: pieces.slice(at, at + manner.piecesAtOnce) });
    }
    const calls = tools.map((name) => this.toCall(name));
    // Most breaks are in the words; some behind them are in the middle of a call.
    if (manner.breakAfter !== null) {
      const isInCall = calls.length > 0 && said === text;
      return [
        ...steps,
        ...(isInCall ? [{ afterMs: 5, events: calls.flat().slice(0, 2) }] : []),
        toBreak(manner, gap(random)),
      ];
    }
    const ended: ModelEvent = calls.length === 0 ? end : { ...end, finishReason: "tool-calls" };
    return [
      ...steps,
      ...calls.map((events) => ({ afterMs: 5, events })),
      { afterMs: steps.length === 0 && calls.length === 0 ? manner.firstMs : 2, events: [ended] },
    ];
  }
}

type FinishEvent = Extract<ModelEvent, { type: "finish" }>;

/** What it has to say, and call, in the step that it is asked for. */
function toStep({ question, step }: ModelPrompt): ScriptStep {
  return toScript(question)[step] ?? { text: "", tools: [] };
}

interface Step {
  /** Null: nothing more comes. */
  readonly afterMs: number | null;
  readonly events: readonly ModelEvent[];
}

const HANG: Step = { afterMs: null, events: [] };

function toBreak({ breakBy }: SpeakingManner, afterMs: number): Step {
  if (breakBy === "stall") return HANG;
  const kind = { reset: "stream-reset", cut: "stream-cut", "error-event": "stream-error" } as const;
  const failure = toFailure(kind[breakBy], "stream", 200);
  return { afterMs, events: [{ type: "fail", failure, usage: UNKNOWN_USAGE }] };
}

/** What the model says from its first word on. */
function toSpokenText({ told, anchor }: ModelPrompt, whole: string, { habit }: SpeakingManner): string {
  if (told === "") return whole;
  const asked = whole.slice(told.length - (anchor?.length ?? 0));
  switch (habit) {
    case "exact":
      return whole.slice(told.length);
    case "repeats-asked":
      return asked;
    case "repeats-more":
      return whole.slice(findEarlierWord(told, anchor?.length ?? 0));
    case "repeats-with-marks":
      return anchor === null ? asked : `<cut-off-end>${anchor}</cut-off-end>${whole.slice(told.length)}`;
    case "starts-over":
      return whole;
    case "diverges":
      return `${whole.slice(0, Math.floor(told.length / 2))} But that is another story, and it is told otherwise.`;
  }
}

/** Where a word begins well before the asked ones; the whole text when there is no such place. */
function findEarlierWord(told: string, anchorCharacters: number): number {
  let at = told.length - anchorCharacters - 40;
  while (at > 0 && !/\s/u.test(told[at - 1] ?? "")) at -= 1;
  return Math.max(0, at);
}

function cutAt(text: string, share: number): string {
  return text.slice(0, Math.floor(text.length * share)).replace(/[\uD800-\uDBFF]$/u, "");
}

/** Long answers come in larger pieces: what counts is how many there are. */
function toPieceCharacters(characters: number): number {
  if (characters > 50_000) return 2_500;
  return characters > 1_500 ? 70 : 25;
}

function toUsage({ manner, prompt }: BookedCall, phase: FailurePhase, said: number): TokenUsage {
  if (phase === "connect" || manner.type !== "speak" || manner.countsOnBreak === "nothing")
    return UNKNOWN_USAGE;
  const usage = toTokens(prompt, said);
  return manner.countsOnBreak === "input" ? { ...usage, outputTokens: null } : usage;
}

function toTokens({ characters }: ModelPrompt, said: number): TokenUsage {
  return {
    ...UNKNOWN_USAGE,
    inputTokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
    outputTokens: Math.ceil(said / CHARACTERS_PER_TOKEN),
  };
}

function finish(
  entry: BookedCall,
  end: BookedCall["end"],
  clock: Clock,
  event: Extract<ModelEvent, { type: "finish" | "fail" }>,
): readonly ModelEvent[] {
  entry.told = event.usage;
  close(entry, end, clock.nowMs());
  return [event];
}

function close(entry: BookedCall, end: BookedCall["end"], nowMs: number): void {
  entry.end = end;
  entry.endedAtMs = nowMs;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
