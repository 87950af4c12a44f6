/** What a stand-in answers: its text or its tool call, its thoughts, and what it counts. Pure. */
import { continueAnswer } from "./continue-answer.ts";
import { toJsonInstance } from "./json-instance.ts";
import { CHARACTERS_PER_TOKEN, tokensOf, withoutDirectives, wordsOf } from "./measure-text.ts";
import type { SandboxProvider } from "./provider-wire.ts";
import type { Question } from "./question.ts";
import { toWholeText } from "./whole-text.ts";

export interface AnswerToolCall {
  readonly name: string;
  /** JSON text. */
  readonly input: string;
}

export interface AnswerUsage {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCall: AnswerToolCall | null;
  readonly finishReason: "stop" | "length" | "tool_calls";
  /** The one that ended it; null when it ended otherwise. */
  readonly stopSequence: string | null;
  readonly usage: AnswerUsage;
}

function findToolCall(question: Question): AnswerToolCall | null {
  if (question.toolResult !== null) return null;
  const directive = /\[\[tool:([\w-]+)\s*(\{[\s\S]*?\})?\s*\]\]/.exec(question.text);
  const wanted = directive?.[1] ?? question.forcedTool;
  if (wanted === null || wanted === undefined) return null;
  const tool =
    question.tools.find(({ name }) => name === wanted) ?? (wanted === "any" ? question.tools[0] : undefined);
  if (tool === undefined) return null;
  return { name: tool.name, input: directive?.[2] ?? JSON.stringify(toJsonInstance(tool.schema)) };
}

/** The first place of any of the sequences. */
function findStop(text: string, sequences: readonly string[]): { sequence: string; at: number } | null {
  const found = sequences
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
    .toSorted((one, other) => one.at - other.at);
  return found[0] ?? null;
}

function toReasoning(question: Question): string {
  const words = wordsOf(withoutDirectives(question.text));
  return `The question has ${words.length} words. I am the sandbox, so there is nothing to find out: I describe it and say what I am.`;
}

/**
 * Composes the answer of a provider's stand-in, cut at the asked limit like a model's. Limit and counts are those of
 * this response, also when it goes on with an answer that another one began.
 */
export function composeAnswer(provider: SandboxProvider, question: Question): Answer {
  const inputTokens = tokensOf(question.promptCharacters);
  const cachedTokens = Math.min(tokensOf(question.cachedCharacters), inputTokens);
  const limit = question.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  // Thoughts come first and count against the limit, which is why a tiny one leaves a reasoning model wordless.
  const reasoning = question.thinks ? toReasoning(question).slice(0, limit * CHARACTERS_PER_TOKEN) : "";
  const reasoningTokens = tokensOf(reasoning.length);
  // OpenAI counts the thoughts of its models and keeps them to itself.
  const shown = provider === "openai" ? "" : reasoning;
  const toolCall = findToolCall(question);
  if (toolCall !== null) {
    const outputTokens = reasoningTokens + tokensOf(toolCall.input.length + toolCall.name.length);
    const usage = { inputTokens, cachedTokens, outputTokens, reasoningTokens };
    return { text: "", reasoning: shown, toolCall, finishReason: "tool_calls", stopSequence: null, usage };
  }
  const whole = toWholeText(provider, question);
  const unstopped = question.broken === null ? whole : continueAnswer(provider, whole, question.broken);
  const stop = findStop(unstopped, question.stopSequences);
  const wanted = unstopped.slice(0, stop?.at);
  const text = wanted.slice(0, Math.max(0, limit - reasoningTokens) * CHARACTERS_PER_TOKEN);
  return {
    text,
    reasoning: shown,
    toolCall: null,
    finishReason: text.length < wanted.length ? "length" : "stop",
    stopSequence: text.length < wanted.length ? null : (stop?.sequence ?? null),
    usage: {
      inputTokens,
      cachedTokens,
      outputTokens: reasoningTokens + tokensOf(text.length),
      reasoningTokens,
    },
  };
}
