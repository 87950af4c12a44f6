/**
 * Of what tools gave as much as a model takes beside all else that it is told: those of the running answer, and those of
 * the answers before. Pure. Rules TL42, TL43, TL53.
 */
import { readAnswerParts, type AnswerPart } from "../../protocol/answer-parts.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { isToolOutput, readToolOutputs, toToolOutputPart } from "../../protocol/tool-output.ts";
import { countOwnTokens, fitOutputs, fitTexts, type FittedOutputs } from "../../tools/fit-outputs.ts";

/** Of what a model takes, for the outputs of the running answer however long the chat is: they are what it is about. */
const RUNNING_SHARE = 0.25;
/** Of the budget, for the outputs of one answer before: with its words it has to fit, or all of it is left out. */
const EARLIER_SHARE = 0.25;

export interface RunningFacts {
  /** The parts of the answer's steps so far. */
  readonly done: readonly AnswerPart[];
  /** Of the definitions of tools and of instructions. */
  readonly takenTokens: number;
  /** Of the chat as it is told. */
  readonly chatTokens: number;
  /** What a model takes at all. */
  readonly roomTokens: number;
}

export function fitRunning(facts: RunningFacts): FittedOutputs {
  const { done, takenTokens, chatTokens, roomTokens } = facts;
  if (!done.some(({ type }) => type === "dynamic-tool")) return { parts: done, cut: 0 };
  const saidTokens = chatTokens + takenTokens + countOwnTokens(done);
  return fitOutputs(done, Math.max(roomTokens - saidTokens, Math.floor(roomTokens * RUNNING_SHARE)));
}

export function fitEarlier(message: StoredMessage, budgetTokens: number): StoredMessage {
  if (!message.parts.some(({ type }) => type === "dynamic-tool")) return message;
  const { parts, cut } = fitOutputs(readAnswerParts(message), Math.floor(budgetTokens * EARLIER_SHARE));
  return cut === 0 ? message : { ...message, parts: [...parts] };
}

/** What a program's own tools gave, where that is the newest message: the model is asked about it. */
export function fitGiven(
  message: StoredMessage,
  restTokens: number,
  roomTokens: number,
): { readonly message: StoredMessage; readonly cut: number } {
  const given = readToolOutputs(message);
  if (given.length === 0) return { message, cut: 0 };
  const most = Math.max(roomTokens - restTokens, roomTokens * RUNNING_SHARE);
  const { texts, cut } = fitTexts(
    given.map(({ output }) => output),
    most,
  );
  if (cut === 0) return { message, cut };
  const parts = given.map((each, index) => toToolOutputPart({ ...each, output: texts[index] ?? "" }));
  return {
    message: { ...message, parts: [...parts, ...message.parts.filter((part) => !isToolOutput(part))] },
    cut,
  };
}
