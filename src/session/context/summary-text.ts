/** What a summary is made of: what was said before, and every message that it is to stand for, as text. Pure. Rules SE95, SE135. */
import { readAnswerParts } from "../../protocol/answer-parts.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { readToolOutputs } from "../../protocol/tool-output.ts";
import { toMessageText } from "./to-prompt.ts";

/** Of all messages together; a cheap model takes it. */
const MAX_CHARACTERS = 200_000;
const TOLD_OF_A_TOOL_CHARACTERS = 1_000;
/** Of what is shortened: the beginning says what it is about, the end what came of it. */
const BEGINNING_SHARE = 0.7;

export interface SummaryFacts {
  /** The summary of what came before; null for none. */
  readonly before: string | null;
  /** There are messages above these that `before` does not stand for. */
  readonly hasGap: boolean;
  readonly messages: readonly StoredMessage[];
}

/** No message is missing in it: where they are too long together, the longest of them are shortened. */
export function toSummaryText({ before, hasGap, messages }: SummaryFacts): string {
  const quoted = messages.map(toQuoted);
  const most = shareRoom(quoted.map(({ length }) => length));
  return [
    ...(before === null ? [] : [`Summary of what came before:\n${before}`]),
    ...(hasGap ? ["[Some messages are left out here.]"] : []),
    ...quoted.map((text) => shorten(text, most)),
  ].join("\n\n");
}

/** The length that none may exceed, so that all of them fit. */
function shareRoom(lengths: readonly number[]): number {
  let left = MAX_CHARACTERS;
  for (const [index, length] of lengths.toSorted((one, other) => one - other).entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Number.POSITIVE_INFINITY;
}

function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const beginning = Math.floor(most * BEGINNING_SHARE);
  const end = text.slice(text.length - (most - beginning));
  // A cut may go through a sign of two halves.
  return `${text.slice(0, beginning)}\n[A part is left out here.]\n${end}`.toWellFormed();
}

export function toQuoted(message: StoredMessage): string {
  const told = [toMessageText(message), ...toToolLines(message)].filter((line) => line !== "").join("\n");
  return `${message.role === "user" ? "Person" : "Assistant"}: ${told}`;
}

/** What tools were asked and gave, as far as it is worth its place in a summary. */
function toToolLines(message: StoredMessage): string[] {
  const shortened = (value: unknown): string =>
    (JSON.stringify(value) ?? "").slice(0, TOLD_OF_A_TOOL_CHARACTERS);
  return [
    ...readToolOutputs(message).map(({ toolName, output }) => `(${toolName} gave ${shortened(output)})`),
    ...readAnswerParts(message).flatMap((part) =>
      part.type === "dynamic-tool"
        ? [`(called ${part.toolName} with ${shortened(part.input)}: ${shortened(part.output ?? part.state)})`]
        : [],
    ),
  ];
}
