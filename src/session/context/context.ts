/**
 * What a model is told of a chat: the messages that fit its context budget, newest first choice, behind a summary of
 * what is older. Words are chosen first, then files (context-files.ts). Pure. Rules SE6, SE77, SE78, SE130, TL43, TL53.
 */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { estimateTokens } from "../../routing/estimate-tokens.ts";
import type { ResolvedModels } from "../../routing/run-answer.ts";
import { isToolOutput } from "../../protocol/tool-output.ts";
import { chooseFiles, countAllFiles, PICTURE_TOKENS, type CountBytes } from "./context-files.ts";
import { fitEarlier, fitGiven } from "./fit-told.ts";
import { readFileParts, toMessageText, toPrompt, type FileLimits, type ReadFile } from "./to-prompt.ts";

/** The share of a model's context that the chat may take; the rest is for the answer and for our guess being off. */
const CONTEXT_SHARE = 0.6;
/** A model is told at most so many messages, however short: what a turn reads does not grow with the chat. */
export const MAX_TOLD_MESSAGES = 60;
/** A chat is summarised when so much of the budget is used, and then down to so much: not at every turn. */
const SUMMARISE_ABOVE = 0.75;
const SUMMARISE_DOWN_TO = 0.4;
/** The least a budget can be: the question itself has to fit. */
const LEAST_BUDGET_TOKENS = 1_000;
/** Of the budget, for files where there are any: what words never take where older ones are summarised in time. */
const FILE_SHARE = 1 - SUMMARISE_ABOVE;
/** What is taken for a context that nobody knows where something is to be sent beyond the budget. */
const UNKNOWN_CONTEXT_TOKENS = 128_000;
/** A file that is named alone. */
const FILE_NAME_TOKENS = 20;
/** Stored parts are JSON: what is read is more than what is told. */
const CHARACTERS_PER_TOKEN = 6;

/**
 * Tokens of history that a turn may send: the installation's limit, or what the roomiest of the models takes beside
 * tools and instructions if that is less. A model whose context nobody knows is taken to be roomy.
 */
export function toBudgetTokens(models: ResolvedModels, limitTokens: number, takenTokens = 0): number {
  const room = Math.floor(findRoomiest(models, Number.POSITIVE_INFINITY) * CONTEXT_SHARE);
  return Math.max(LEAST_BUDGET_TOKENS, Math.min(limitTokens, room - takenTokens));
}

/** Tokens that the roomiest of the models takes, whatever the installation's limit: for the files of a question. */
export function toRoomTokens(models: ResolvedModels): number {
  return Math.floor(findRoomiest(models, UNKNOWN_CONTEXT_TOKENS) * CONTEXT_SHARE);
}

function findRoomiest({ models }: ResolvedModels, unknownTokens: number): number {
  const targets = models.flatMap((model) => (model.type === "class" ? model.targets : [model.target]));
  const contexts = targets.map((target) => target.abilities.contextTokens ?? unknownTokens);
  return contexts.length === 0 ? unknownTokens : Math.max(...contexts);
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
  /** What a model takes at all. */
  readonly roomTokens: number;
  /** The same where nobody knows: everything. */
  readonly mostTokens: number;
  readonly countBytes: CountBytes;
}

/** What is told of a chat, before a file of it is read. */
export interface Context {
  /** Oldest first. */
  readonly messages: readonly StoredMessage[];
  readonly preface: string | null;
  readonly files: FileLimits;
  /** About so many, the preface aside. */
  readonly tokens: number;
  /** So many outputs of a program's own tools are told cut. */
  readonly cut: number;
}

/** The newest message is in it whatever its length. */
export function chooseContext(facts: ContextFacts): Context {
  const { hasOlder, summary, budgetTokens, roomTokens, countBytes } = facts;
  const { messages, cut } = fitNewest(
    facts.messages.map((message) => fitEarlier(message, budgetTokens)),
    facts,
  );
  const fileTokens = Math.min(countAllFiles(messages, countBytes), Math.floor(budgetTokens * FILE_SHARE));
  const kept = selectKept(messages, facts.question, budgetTokens - fileTokens);
  const isCut = hasOlder || facts.question !== null || kept.length < messages.length;
  const wordTokens = kept.reduce((sum, message) => sum + countWordTokens(message), 0);
  const files = chooseFiles({
    messages: kept,
    questionId: kept.findLast(isBeginning)?.id ?? null,
    ownTokens: Math.max(budgetTokens * FILE_SHARE, budgetTokens - wordTokens, roomTokens - wordTokens),
    allTokens: budgetTokens - wordTokens,
    countBytes,
  });
  return {
    messages: kept,
    preface: toPreface(summary, isCut),
    files: files.limits,
    tokens: wordTokens + files.tokens,
    cut,
  };
}

/** The newest message is told in any case: what a program's tools gave in it, as far as a model takes it. Rule TL53. */
function fitNewest(
  messages: readonly StoredMessage[],
  { budgetTokens, mostTokens }: ContextFacts,
): { readonly messages: readonly StoredMessage[]; readonly cut: number } {
  const newest = messages.at(-1);
  if (newest === undefined) return { messages, cut: 0 };
  const before = messages.slice(0, -1);
  const own = estimateTokens(toMessageText(newest));
  const rest = before.reduce((sum, message) => sum + countWordTokens(message), own);
  const { message, cut } = fitGiven(newest, Math.min(budgetTokens, rest), mostTokens);
  return { messages: [...before, message], cut };
}

/** The prompt of a turn. */
export function toContextPrompt(
  { messages, preface, files }: Context,
  readFile: ReadFile,
): LanguageModelV4Prompt {
  const prompt = toPrompt(messages, readFile, files);
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
  const leftTokens = budgetTokens - (question === null ? 0 : countWordTokens(question));
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
    left -= countWordTokens(message);
    if (left < 0) return first;
    if (isFirst(message)) first = index;
  }
  return first;
}

export function isAnswer({ role }: StoredMessage): boolean {
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

/**
 * Of a message for a summary: each of its files like a picture, however long it is. A text that there is no room for is
 * cut before any word is left out, and must not fold what was said about it.
 */
function countTokens(message: StoredMessage): number {
  return countWordTokens(message) + readFileParts(message).length * (PICTURE_TOKENS - FILE_NAME_TOKENS);
}

/** Without what its files hold. */
function countWordTokens(message: StoredMessage): number {
  const names = readFileParts(message).length * FILE_NAME_TOKENS;
  return estimateTokens(toMessageText(message)) + countToolTokens(message) + names;
}

/** What was asked of tools and what they gave, as the JSON that is stored. */
function countToolTokens({ parts }: StoredMessage): number {
  return parts
    .filter((part) => part.type === "dynamic-tool" || isToolOutput(part))
    .reduce((sum, part) => sum + estimateTokens(JSON.stringify(part)), 0);
}
