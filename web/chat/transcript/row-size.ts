/**
 * How high a row will be, before anybody has drawn it: a guess from its text, so that the scroll bar of a long chat
 * is about right and hardly moves when rows are measured. Pure.
 */
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toFiles, toOutputs, toPlainText, toStoredParts } from "../../session/answer-part.ts";
import type { TranscriptRow } from "./transcript-row.ts";

const LINE_PX = 26;
/** A letter of the body text is about this wide. */
const LETTER_PX = 7.6;
/** Margins, the foot with its buttons, the room between two rows. */
const QUESTION_FRAME_PX = 78;
const ANSWER_FRAME_PX = 72;
/** A question's bubble is narrower than an answer. */
const BUBBLE_SHARE = 0.85;
const PICTURES_PX = 176;
const OUTPUT_PX = 46;
const OTHER_PX = 72;

/** Guesses stay with their message: a chat of thousands is not read again for each new one. */
const guesses = new WeakMap<StoredMessage, { readonly widthPx: number; readonly heightPx: number }>();

function guessText(text: string, widthPx: number): number {
  const lettersPerLine = Math.max(20, Math.floor(widthPx / LETTER_PX));
  const lines = text
    .split("\n")
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / lettersPerLine)), 0);
  return lines * LINE_PX;
}

function guessMessage(message: StoredMessage, widthPx: number): number {
  const known = guesses.get(message);
  if (known?.widthPx === widthPx) return known.heightPx;
  const parts = toStoredParts(message);
  const isQuestion = message.role === "user";
  const textWidthPx = isQuestion ? widthPx * BUBBLE_SHARE : widthPx;
  const heightPx =
    guessText(toPlainText(parts), textWidthPx) +
    (isQuestion ? QUESTION_FRAME_PX : ANSWER_FRAME_PX) +
    (toFiles(parts).length > 0 ? PICTURES_PX : 0) +
    toOutputs(parts).length * OUTPUT_PX;
  guesses.set(message, { widthPx, heightPx });
  return heightPx;
}

/** The height of a row in a column of that width, the room below it included. */
export function guessRowHeight(row: TranscriptRow | undefined, widthPx: number): number {
  return row?.kind === "message" ? guessMessage(row.message, widthPx) : OTHER_PX;
}
