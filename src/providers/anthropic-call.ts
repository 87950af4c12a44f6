/**
 * A neutral call as Anthropic's wire can carry it, before the AI SDK puts it into the wire's words: what the SDK would leave
 * out without telling is a mistake here. Pure. Rules PR126, PR146, PR148.
 */
import { fail, succeed, type Result } from "../base/result.ts";
import { isObject } from "./is-object.ts";
import { tellLateSystem } from "./late-system.ts";
import type { ModelCall } from "./provider.ts";

/** The highest temperature that the wire knows. */
const MAX_TEMPERATURE = 1;
/** The least that a model with a budget for its thoughts takes, in tokens. */
const LEAST_THINKING_TOKENS = 1_024;

/** The error says in a few words what cannot be carried. What changes nothing (a penalty of 0, a `topP` of 1) is left out. */
export function toAnthropicCall(call: ModelCall): Result<ModelCall, string> {
  const { seed, presencePenalty = 0, frequencyPenalty = 0, temperature, topP, ...rest } = call;
  if (seed !== undefined) return fail("a seed");
  if (presencePenalty !== 0) return fail("a presence penalty");
  if (frequencyPenalty !== 0) return fail("a frequency penalty");
  if (temperature !== undefined && temperature > MAX_TEMPERATURE) return fail("a temperature above 1");
  const narrows = topP !== undefined && topP < 1;
  const cools = temperature !== undefined && temperature < MAX_TEMPERATURE;
  if (narrows && cools) return fail("top_p beside a temperature");
  return succeed({
    ...toFormattedCall(rest),
    // Some of its models know no system in the middle, the others none behind an answer.
    prompt: tellLateSystem(rest.prompt),
    ...(temperature === undefined || narrows ? {} : { temperature }),
    ...(narrows ? { topP } : {}),
  });
}

/** The wire knows no JSON without a schema: any object will do. */
function toFormattedCall(call: ModelCall): ModelCall {
  const { responseFormat } = call;
  if (responseFormat?.type !== "json" || responseFormat.schema !== undefined) return call;
  return { ...call, responseFormat: { ...responseFormat, schema: { type: "object" } } };
}

/**
 * The written body with the caller's limit on all that is written, thoughts included: the SDK puts their budget on top of it.
 * They get half of the limit at the most; where that is too little for them, or where they may not begin, there are none.
 */
export function holdThoughts(body: string, maxOutputTokens: number | undefined): string {
  const written: unknown = JSON.parse(body);
  if (!isObject(written) || !isObject(written["thinking"])) return body;
  const { thinking, ...rest } = written;
  const budget = thinking["budget_tokens"];
  if (typeof budget !== "number") return body;
  const held = maxOutputTokens === undefined ? rest : { ...rest, max_tokens: maxOutputTokens };
  const most = maxOutputTokens === undefined ? budget : Math.floor(maxOutputTokens / 2);
  if (most < LEAST_THINKING_TOKENS || !mayThink(written["messages"])) return JSON.stringify(held);
  return JSON.stringify({ ...held, thinking: { ...thinking, budget_tokens: Math.min(budget, most) } });
}

/** A body in the wire's own words, without a budget for thoughts where they may not begin. */
export function dropLateThinking(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { thinking, ...rest } = body;
  const hasBudget = isObject(thinking) && thinking["type"] === "enabled";
  return hasBudget && !mayThink(rest["messages"]) ? rest : body;
}

/**
 * Anthropic refuses a budget for thoughts where the model's turn is under way and has not begun with thoughts of its own, as
 * behind a tool call that somebody else has made. (Thoughts without a budget, `adaptive`, it takes anywhere.)
 */
function mayThink(messages: unknown): boolean {
  if (!Array.isArray(messages)) return true;
  const asked = messages.findLastIndex((message) => isObject(message) && isQuestion(message));
  const first: unknown = messages
    .slice(asked + 1)
    .find((message) => isObject(message) && message["role"] === "assistant");
  if (!isObject(first)) return true;
  const { content } = first;
  const block: unknown = Array.isArray(content) ? content[0] : null;
  return isObject(block) && (block["type"] === "thinking" || block["type"] === "redacted_thinking");
}

/** What a user says begins a turn; what tools gave is within one. */
function isQuestion({ role, content }: Record<string, unknown>): boolean {
  if (role !== "user") return false;
  return !Array.isArray(content) || !content.some((part) => isObject(part) && part["type"] === "tool_result");
}
