/**
 * What a model is told of a chat: the messages that fit its context budget, newest first choice, behind a summary of
 * what is older. Pure. Rules SE6, SE77, SE78.
 */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { StoredMessage } from "../protocol/session-frame.ts";
import { estimateTokens } from "../routing/estimate-tokens.ts";
import type { ResolvedModels } from "../routing/run-answer.ts";
import { isToolOutput } from "../protocol/tool-output.ts";
import { toMessageText, toPrompt, type ReadFile } from "./to-prompt.ts";

/** The share of a model's context that the chat may take; the rest is for the answer and for our guess being off. */
const CONTEXT_SHARE = 0.6;
/** A model is told at most so many messages, however short: what a turn reads does not grow with the chat. */
export const MAX_TOLD_MESSAGES = 60;
/** A chat is summarised when so much of the budget is used, and then down to so much: not at every turn. */
const SUMMARISE_ABOVE = 0.75;
const SUMMARISE_DOWN_TO = 0.4;
/** The least a budget can be: the question itself has to fit. */
const LEAST_BUDGET_TOKENS = 1_000;
/** Stored parts are JSON: what is read is more than what is told. */
const CHARACTERS_PER_TOKEN = 6;

/**
 * Tokens of history that a turn may send: the installation's limit, or what the roomiest of the models takes if that
 * is less. A model whose context nobody knows is taken to be roomy.
 */
export function toBudgetTokens({ models }: ResolvedModels, limitTokens: number): number {
  const targets = models.flatMap((model) => (model.type === "class" ? model.targets : [model.target]));
  const contexts = targets.map((target) => target.abilities.contextTokens ?? Number.POSITIVE_INFINITY);
  const roomiest = contexts.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...contexts);
  return Math.max(LEAST_BUDGET_TOKENS, Math.min(limitTokens, Math.floor(roomiest * CONTEXT_SHARE)));
}

/** How much of the path has to be read at the most to fill a budget. */
export function toReadCharacters(budgetTokens: number): number {
  return budgetTokens * CHARACTERS_PER_TOKEN;
}

export interface ContextFacts {
  /** The newest messages of the path, oldest first; those a summary stands for are not among them. */
  readonly messages: readonly StoredMessage[];
  /** The question above them, where they are nothing but calls and what those gave; null for none. */
  readonly question: StoredMessage | null;
  /** There are messages above the first one that no summary stands for. */
  readonly hasOlder: boolean;
  readonly summary: string | null;
  readonly budgetTokens: number;
  readonly readFile: ReadFile;
}

/** The prompt of a turn. The newest message is in it whatever its length. */
export function toContextPrompt(facts: ContextFacts): LanguageModelV4Prompt {
  const { messages, hasOlder, summary, budgetTokens } = facts;
  const kept = selectKept(messages, facts.question, budgetTokens);
  const isCut = hasOlder || facts.question !== null || kept.length < messages.length;
  const preface = toPreface(summary, isCut);
  const prompt = toPrompt(kept, facts.readFile);
  return preface === null ? prompt : [{ role: "system", content: preface }, ...prompt];
}

function toPreface(summary: string | null, isCut: boolean): string | null {
  const parts = [
    ...(summary === null ? [] : [`Summary of the earlier part of this conversation:\n${summary}`]),
    ...(isCut
      ? ["Some messages between the summary or the beginning and the first one below are left out."]
      : []),
  ];
  return parts.length === 0 ? null : parts.join("\n\n");
}

/**
 * The newest messages that fit. They begin with a question, since providers refuse what begins with an answer, and not with
 * what a tool gave, which belongs to the call before it.
 */
function selectKept(
  messages: readonly StoredMessage[],
  above: StoredMessage | null,
  budgetTokens: number,
): readonly StoredMessage[] {
  const first = findFirstKept(messages, budgetTokens, isBeginning);
  if (first !== null) return messages.slice(first);
  // Its caller's tools were called so often that not all of it fits: the question and the newest calls.
  const questionAt = messages.findLastIndex(isBeginning);
  const question = messages[questionAt] ?? above;
  const behind = messages.slice(questionAt + 1);
  const leftTokens = budgetTokens - (question === null ? 0 : countTokens(question));
  const call = findFirstKept(behind, leftTokens, isAnswer) ?? behind.findLastIndex(isAnswer);
  const kept = call === -1 ? behind : behind.slice(call);
  return question === null ? kept : [question, ...kept];
}

/** The index of the oldest message of that kind from which on everything fits; null when there is none. */
function findFirstKept(
  messages: readonly StoredMessage[],
  budgetTokens: number,
  isFirst: (message: StoredMessage) => boolean,
): number | null {
  let left = budgetTokens;
  let first: number | null = null;
  for (const [index, message] of [...messages.entries()].toReversed()) {
    left -= countTokens(message);
    if (left < 0) return first;
    if (isFirst(message)) first = index;
  }
  return first;
}

function isAnswer({ role }: StoredMessage): boolean {
  return role === "assistant";
}

/** A question of its own, and not what a call gave. */
export function isBeginning({ role, parts }: StoredMessage): boolean {
  return role === "user" && !parts.some(isToolOutput);
}

/**
 * The messages that a new summary should stand for, oldest first: none while the chat fits well. The summary ends with
 * an answer, so that what is left begins with a question.
 */
export function toSummarise(
  messages: readonly StoredMessage[],
  budgetTokens: number,
): readonly StoredMessage[] {
  const total = messages.reduce((sum, message) => sum + countTokens(message), 0);
  const most = MAX_TOLD_MESSAGES * SUMMARISE_ABOVE;
  if (total <= budgetTokens * SUMMARISE_ABOVE && messages.length <= most) return [];
  let left = total;
  let end = 0;
  for (const [index, message] of messages.entries()) {
    left -= countTokens(message);
    // A question and its answer are folded together, and the newest answer is one that somebody is reading.
    const next = messages[index + 1];
    if (message.role !== "assistant" || next === undefined || !isBeginning(next)) continue;
    end = index + 1;
    const isShort = messages.length - end <= MAX_TOLD_MESSAGES * SUMMARISE_DOWN_TO;
    if (isShort && left <= budgetTokens * SUMMARISE_DOWN_TO) break;
  }
  return messages.slice(0, end);
}

export function countTokens(message: StoredMessage): number {
  return estimateTokens(toMessageText(message)) + countToolTokens(message) + countFileTokens(message);
}

/** What was asked of tools and what they gave, as the JSON that is stored. */
function countToolTokens({ parts }: StoredMessage): number {
  return parts
    .filter((part) => part.type === "dynamic-tool" || isToolOutput(part))
    .reduce((sum, part) => sum + estimateTokens(JSON.stringify(part)), 0);
}

/** A picture of common size costs about so much at every provider. */
const FILE_TOKENS = 1_000;

function countFileTokens(message: StoredMessage): number {
  return message.parts.filter((part) => part.type === "file").length * FILE_TOKENS;
}
