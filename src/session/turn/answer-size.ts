/** What models may say in one answer: all of it lies in one message, which is one row. Pure. Rule SE171. */
import { countJsonBytes } from "../../base/json-bytes.ts";
import type { AnswerPart } from "../../protocol/answer-parts.ts";
import { countTextBytes } from "../../routing/answer-room.ts";

/**
 * As JSON, over all steps. A row has at most 2 MB, and what tools gave may be half of it (src/tools/output-room.ts); what is
 * left is for the receipt.
 */
export const MAX_ANSWER_BYTES = 900_000;

/** What there is room for beside the steps that are done and the text that was shown of the one that runs. */
export function countRoomLeft(done: readonly AnswerPart[], shown: string): number {
  const said = done.reduce((sum, part) => sum + countSaidBytes(part), countTextBytes(shown));
  return MAX_ANSWER_BYTES - said;
}

/** Without what a tool gave. */
function countSaidBytes(part: AnswerPart): number {
  if (part.type !== "dynamic-tool") return "text" in part ? countTextBytes(part.text) : 0;
  const { output: _, errorText: __, ...said } = part;
  return countJsonBytes(said);
}
